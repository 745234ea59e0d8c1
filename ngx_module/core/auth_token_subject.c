/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What decides the answers of later steps is found in what they send: no
 * variable may be forgotten, or one token gets the answer of another.
 */


#include "auth_token_subject.h"
#include "auth_token_template.h"


/* leaves room in each part of a request for what no template says */
#define AUTH_TOKEN_SUBJECT_MAX_TEXT  (AUTH_TOKEN_REQUEST_MAX_URL - 4096)


/* the next field to look at */

typedef struct {
    size_t  step;
    size_t  field;
} auth_token_subject_cursor_t;


static const auth_token_str_t *auth_token_subject_next(
    const auth_token_protocol_t *p, size_t n,
    auth_token_subject_cursor_t *cursor);
static int auth_token_subject_keeps(const auth_token_protocol_t *p,
    size_t from, size_t to, const auth_token_str_t *name);
static int auth_token_subject_sends(const auth_token_protocol_t *p,
    size_t from, const auth_token_str_t *name);
static int auth_token_subject_settled(const auth_token_protocol_t *p,
    size_t n, size_t step, auth_token_str_t text);
static int auth_token_subject_template(const auth_token_step_t *step,
    size_t i, auth_token_str_t *text, auth_token_place_e *place);
static void auth_token_subject_part(auth_token_buf_t *out,
    auth_token_str_t text);


static const auth_token_str_t  auth_token_subject_id = auth_token_str("id");


int
auth_token_subject(const auth_token_protocol_t *p, size_t n,
    const auth_token_vars_t *vars, auth_token_buf_t *out)
{
    auth_token_str_t              id;
    const auth_token_str_t       *name;
    auth_token_subject_cursor_t   cursor;

    id = auth_token_template_value(auth_token_subject_id, vars);

    memset(&cursor, 0, sizeof(auth_token_subject_cursor_t));

    name = auth_token_subject_next(p, n, &cursor);

    if (name == NULL) {
        return auth_token_buf_add(out, id.data, id.len);
    }

    auth_token_subject_part(out, id);

    while (name != NULL) {
        auth_token_subject_part(out, auth_token_template_value(*name, vars));

        name = auth_token_subject_next(p, n, &cursor);
    }

    return out->failed ? -1 : 0;
}


int
auth_token_subject_varies(const auth_token_protocol_t *p)
{
    size_t                       n;
    auth_token_subject_cursor_t  cursor;

    for (n = 1; n < p->nsteps; n++) {
        memset(&cursor, 0, sizeof(auth_token_subject_cursor_t));

        if (auth_token_subject_next(p, n, &cursor) != NULL) {
            return 1;
        }
    }

    return 0;
}


int
auth_token_subject_leads(const auth_token_protocol_t *p, size_t n,
    const auth_token_vars_t *vars)
{
    int                 rc;
    size_t              i, step;
    auth_token_buf_t    scratch;
    auth_token_str_t    text;
    auth_token_place_e  place;

    for (step = n + 1; step < p->nsteps; step++) {

        for (i = 0;
             auth_token_subject_template(&p->steps[step], i, &text, &place);
             i++)
        {
            if (!auth_token_subject_settled(p, n, step, text)) {
                continue;
            }

            auth_token_buf_init(&scratch, AUTH_TOKEN_SUBJECT_MAX_TEXT);

            rc = auth_token_template_expand(text, place, vars, &scratch);

            auth_token_buf_free(&scratch);

            if (rc != 0) {
                return 0;
            }
        }
    }

    return 1;
}


/*
 * The name of another variable that a step before "n" keeps and one from "n"
 * on sends: each name once, and always in the same order.
 */

static const auth_token_str_t *
auth_token_subject_next(const auth_token_protocol_t *p, size_t n,
    auth_token_subject_cursor_t *cursor)
{
    const auth_token_str_t      *name;
    const auth_token_mapping_t  *m;

    for ( /* void */ ; cursor->step < n; cursor->step++, cursor->field = 0) {
        m = &p->steps[cursor->step].mapping;

        while (cursor->field < m->nfields) {
            name = &m->fields[cursor->field++].name;

            if (!auth_token_str_eq(name, &auth_token_subject_id)
                && !auth_token_subject_keeps(p, 0, cursor->step, name)
                && auth_token_subject_sends(p, n, name))
            {
                return name;
            }
        }
    }

    return NULL;
}


/* whether a step from "from" on and before "to" does */

static int
auth_token_subject_keeps(const auth_token_protocol_t *p, size_t from,
    size_t to, const auth_token_str_t *name)
{
    size_t                       i;
    const auth_token_mapping_t  *m;

    for ( /* void */ ; from < to; from++) {
        m = &p->steps[from].mapping;

        for (i = 0; i < m->nfields; i++) {
            if (auth_token_str_eq(&m->fields[i].name, name)) {
                return 1;
            }
        }
    }

    return 0;
}


static int
auth_token_subject_sends(const auth_token_protocol_t *p, size_t from,
    const auth_token_str_t *name)
{
    size_t              i;
    auth_token_str_t    text, found;
    auth_token_place_e  place;

    for ( /* void */ ; from < p->nsteps; from++) {

        for (i = 0;
             auth_token_subject_template(&p->steps[from], i, &text, &place);
             i++)
        {
            while (auth_token_template_variable(&text, &found)) {
                if (auth_token_str_eq(&found, name)) {
                    return 1;
                }
            }
        }
    }

    return 0;
}


/* whether no step between "n" and "step" may yet give a variable a value */

static int
auth_token_subject_settled(const auth_token_protocol_t *p, size_t n,
    size_t step, auth_token_str_t text)
{
    auth_token_str_t  name;

    while (auth_token_template_variable(&text, &name)) {
        if (auth_token_subject_keeps(p, n + 1, step, &name)) {
            return 0;
        }
    }

    return 1;
}


/* the i-th of all templates of a step's request; 0 after the last one */

static int
auth_token_subject_template(const auth_token_step_t *step, size_t i,
    auth_token_str_t *text, auth_token_place_e *place)
{
    if (i < step->nheaders) {
        *text = step->headers[i].value;
        *place = AUTH_TOKEN_PLACE_HEADER;
        return 1;
    }

    i -= step->nheaders;

    if (i < step->nform) {
        *text = step->form[i].value;
        *place = AUTH_TOKEN_PLACE_FORM;
        return 1;
    }

    switch (i - step->nform) {

    case 0:
        *text = step->path;
        *place = AUTH_TOKEN_PLACE_PATH;
        return 1;

    case 1:
        *text = step->json;
        *place = AUTH_TOKEN_PLACE_JSON;
        return 1;

    default:
        return 0;
    }
}


static void
auth_token_subject_part(auth_token_buf_t *out, auth_token_str_t text)
{
    size_t         i;
    unsigned char  len[sizeof(uint64_t)];

    for (i = 0; i < sizeof(len); i++) {
        len[i] = (unsigned char) ((uint64_t) text.len >> (8 * i));
    }

    (void) auth_token_buf_add(out, len, sizeof(len));
    (void) auth_token_buf_add(out, text.data, text.len);
}
