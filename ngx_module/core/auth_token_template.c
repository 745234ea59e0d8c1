/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Templates.  Every value is escaped: what it is known to hold is checked
 * elsewhere and not relied upon here.
 */


#include "auth_token_record.h"
#include "auth_token_template.h"


/* constant text up to the next variable, or the name of a variable */

typedef struct {
    auth_token_str_t  text;
    int               variable;
} auth_token_template_piece_t;


/* where in a JSON text the constant text so far has led */

typedef struct {
    int               string;          /* inside of quotes */
    int               escape;          /* after a backslash */
} auth_token_template_state_t;


static int auth_token_template_next(auth_token_str_t *rest,
    auth_token_template_piece_t *piece);
static int auth_token_template_name(auth_token_str_t *rest,
    auth_token_template_piece_t *piece);
static void auth_token_template_track(auth_token_template_state_t *state,
    auth_token_str_t text);
static const char *auth_token_template_check_text(auth_token_str_t text,
    auth_token_place_e place);
static const char *auth_token_template_check_path(auth_token_str_t text);
static int auth_token_template_path_ok(const unsigned char *data, size_t len);
static int auth_token_template_dots(const unsigned char *data, size_t len);
static int auth_token_template_url_char(auth_token_str_t text, size_t i);


const char *
auth_token_template_check(auth_token_str_t text, auth_token_place_e place)
{
    int                          rc;
    const char                  *error;
    auth_token_str_t             rest;
    auth_token_template_piece_t  piece;
    auth_token_template_state_t  state;

    rest = text;
    memset(&state, 0, sizeof(auth_token_template_state_t));

    for ( ;; ) {
        rc = auth_token_template_next(&rest, &piece);

        if (rc == 0) {
            break;
        }

        if (rc == -1) {
            return "has a \"$\" that starts no variable";
        }

        if (piece.variable) {
            if (place == AUTH_TOKEN_PLACE_JSON && !state.string) {
                return "has a variable outside of a JSON string";
            }

            continue;
        }

        error = auth_token_template_check_text(piece.text, place);

        if (error != NULL) {
            return error;
        }

        auth_token_template_track(&state, piece.text);
    }

    if (place == AUTH_TOKEN_PLACE_PATH) {
        return auth_token_template_check_path(text);
    }

    return NULL;
}


int
auth_token_template_variable(auth_token_str_t *rest, auth_token_str_t *name)
{
    auth_token_template_piece_t  piece;

    while (auth_token_template_next(rest, &piece) == 1) {
        if (piece.variable) {
            *name = piece.text;
            return 1;
        }
    }

    return 0;
}


int
auth_token_template_expand(auth_token_str_t text, auth_token_place_e place,
    const auth_token_vars_t *vars, auth_token_buf_t *out)
{
    int                          rc;
    size_t                       start;
    auth_token_str_t             value;
    auth_token_template_piece_t  piece;
    auth_token_template_state_t  state;

    start = out->len;
    memset(&state, 0, sizeof(auth_token_template_state_t));

    for ( ;; ) {
        rc = auth_token_template_next(&text, &piece);

        if (rc == 0) {
            break;
        }

        if (rc == -1) {
            return -1;
        }

        if (piece.variable) {
            value = auth_token_template_value(piece.text, vars);

            if (value.len == 0 || (place == AUTH_TOKEN_PLACE_JSON
                                   && !state.string))
            {
                return -1;
            }

            rc = auth_token_escape(value, place, out);

        } else if (place == AUTH_TOKEN_PLACE_FORM) {
            rc = auth_token_escape(piece.text, place, out);

        } else {
            rc = auth_token_buf_add(out, piece.text.data, piece.text.len);
            auth_token_template_track(&state, piece.text);
        }

        if (rc != 0) {
            return -1;
        }
    }

    if (place == AUTH_TOKEN_PLACE_PATH && out->len != start
        && !auth_token_template_path_ok(out->data + start, out->len - start))
    {
        return -1;
    }

    return 0;
}


auth_token_str_t
auth_token_template_value(auth_token_str_t name, const auth_token_vars_t *vars)
{
    size_t                  i;
    auth_token_str_t        none;
    auth_token_doc_value_t  v;

    if (auth_token_str_eq_lit(&name, "token")) {
        return vars->token;
    }

    none.len = 0;
    none.data = NULL;

    for (i = vars->nrecords; i > 0; i--) {
        if (vars->records[i - 1] == NULL) {
            continue;
        }

        v = auth_token_doc_root(auth_token_record_doc(vars->records[i - 1]));
        v = auth_token_doc_member(v, name);

        if (v.type != AUTH_TOKEN_DOC_ABSENT) {
            return v.type == AUTH_TOKEN_DOC_STRING ? v.bytes : none;
        }
    }

    return none;
}


/* returns 1, 0 at the end of the text, or -1 */

static int
auth_token_template_next(auth_token_str_t *rest,
    auth_token_template_piece_t *piece)
{
    size_t  i;

    if (rest->len == 0) {
        return 0;
    }

    if (rest->data[0] == '$') {
        return auth_token_template_name(rest, piece);
    }

    for (i = 0; i < rest->len && rest->data[i] != '$'; i++) { /* void */ }

    piece->variable = 0;
    piece->text.data = rest->data;
    piece->text.len = i;

    rest->data += i;
    rest->len -= i;

    return 1;
}


static int
auth_token_template_name(auth_token_str_t *rest,
    auth_token_template_piece_t *piece)
{
    size_t         i, first;
    unsigned char  c;

    first = rest->len > 1 && rest->data[1] == '{' ? 2 : 1;

    for (i = first; i < rest->len; i++) {
        c = rest->data[i];

        if (c == '-' || c == '.' || c == '~'
            || !auth_token_escape_is_unreserved(c))
        {
            break;
        }
    }

    if (i == first) {
        return -1;
    }

    piece->variable = 1;
    piece->text.data = rest->data + first;
    piece->text.len = i - first;

    if (first == 2) {
        if (i == rest->len || rest->data[i] != '}') {
            return -1;
        }

        i++;
    }

    rest->data += i;
    rest->len -= i;

    return 1;
}


static void
auth_token_template_track(auth_token_template_state_t *state,
    auth_token_str_t text)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (state->escape) {
            state->escape = 0;

        } else if (c == '"') {
            state->string = !state->string;

        } else if (c == '\\') {
            state->escape = state->string;
        }
    }
}


static const char *
auth_token_template_check_text(auth_token_str_t text, auth_token_place_e place)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        switch (place) {

        case AUTH_TOKEN_PLACE_PATH:
        case AUTH_TOKEN_PLACE_QUERY:
            if (!auth_token_template_url_char(text, i)) {
                return "has a character that cannot stand in a URL";
            }

            break;

        case AUTH_TOKEN_PLACE_HEADER:
            if (c < 0x20 || c > 0x7e) {
                return "has a character that cannot stand in a header field";
            }

            break;

        default: /* AUTH_TOKEN_PLACE_FORM, AUTH_TOKEN_PLACE_JSON */
            if (c == '\0') {
                return "has a NUL";
            }
        }
    }

    return NULL;
}


static const char *
auth_token_template_check_path(auth_token_str_t text)
{
    size_t  i;

    if (text.len != 0 && text.data[0] != '/' && text.data[0] != '?') {
        return "starts with neither \"/\" nor \"?\"";
    }

    for (i = 1; i < text.len && text.data[i - 1] != '?'; i++) {
        if (text.data[i] == '/' && text.data[i - 1] == '/') {
            return "has an empty segment";
        }
    }

    if (!auth_token_template_path_ok(text.data, text.len)) {
        return "has a \".\" or \"..\" segment";
    }

    return NULL;
}


/*
 * No segment is "." or "..": with one, a value could choose another resource.
 */

static int
auth_token_template_path_ok(const unsigned char *data, size_t len)
{
    size_t  i, start;

    start = 0;

    for (i = 0; i <= len; i++) {
        if (i < len && data[i] != '/' && data[i] != '?') {
            continue;
        }

        if (auth_token_template_dots(data + start, i - start)) {
            return 0;
        }

        if (i < len && data[i] == '?') {
            break;
        }

        start = i + 1;
    }

    return 1;
}


/* "." and "..", each dot also as %2e */

static int
auth_token_template_dots(const unsigned char *data, size_t len)
{
    size_t  dots;

    for (dots = 0; len != 0; dots++) {
        if (data[0] == '.') {
            data++;
            len--;

        } else if (len > 2 && data[0] == '%' && data[1] == '2'
                   && (data[2] == 'e' || data[2] == 'E'))
        {
            data += 3;
            len -= 3;

        } else {
            return 0;
        }
    }

    return dots == 1 || dots == 2;
}


static int
auth_token_template_url_char(auth_token_str_t text, size_t i)
{
    unsigned char  c;

    c = text.data[i];

    if (c == '%') {
        return text.len - i > 2
               && auth_token_escape_is_hex(text.data[i + 1])
               && auth_token_escape_is_hex(text.data[i + 2]);
    }

    return c > 0x20 && c < 0x7f && strchr("#\"<>\\^`{|}", c) == NULL;
}
