/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The times of a mapping, in the forms its rule allows.  Called by
 * auth_token_mapping_apply().
 */


#include "auth_token_mapping.h"


static int auth_token_mapping_when_text(unsigned forms, auth_token_str_t text,
    auth_token_round_e round, int64_t *out);
static int auth_token_mapping_when_integer(unsigned forms, int64_t value,
    auth_token_round_e round, int64_t *out);
static int auth_token_mapping_when_real(unsigned forms, double value,
    auth_token_round_e round, int64_t *out);


const char *
auth_token_mapping_when(const auth_token_when_t *when,
    const auth_token_json_t *root, auth_token_round_e round, int *present,
    int64_t *out)
{
    int                       rc;
    auth_token_doc_type_e     type;
    const auth_token_json_t  *v;

    *present = 0;

    if (when->pointer.len == 0) {
        return NULL;
    }

    if (auth_token_json_find(root, when->pointer, &v)
        == AUTH_TOKEN_JSON_WRONG)
    {
        return "a time of the token is of a wrong type";
    }

    type = auth_token_json_type(v);

    switch (type) {

    case AUTH_TOKEN_DOC_ABSENT:
        return NULL;

    case AUTH_TOKEN_DOC_NULL:
        return (when->forms & AUTH_TOKEN_TIME_NULL_IS_WRONG)
               ? "a time of the token is of a wrong type" : NULL;

    case AUTH_TOKEN_DOC_STRING:
        rc = auth_token_mapping_when_text(when->forms,
                                          auth_token_json_string(v), round,
                                          out);
        break;

    case AUTH_TOKEN_DOC_INTEGER:
        if (auth_token_json_integer(v) == 0
            && (when->forms & AUTH_TOKEN_TIME_ZERO_IS_NONE))
        {
            return NULL;
        }

        rc = auth_token_mapping_when_integer(when->forms,
                                             auth_token_json_integer(v),
                                             round, out);
        break;

    case AUTH_TOKEN_DOC_REAL:
        rc = auth_token_mapping_when_real(when->forms,
                                          auth_token_json_real(v), round,
                                          out);
        break;

    default:
        return "a time of the token is of a wrong type";
    }

    if (rc != 0) {
        return "a time of the token cannot be read";
    }

    *present = 1;

    return NULL;
}


static int
auth_token_mapping_when_text(unsigned forms, auth_token_str_t text,
    auth_token_round_e round, int64_t *out)
{
    if ((forms & AUTH_TOKEN_TIME_RFC3339)
        && auth_token_time_rfc3339(text.data, text.len, round, out) == 0)
    {
        return 0;
    }

    if ((forms & AUTH_TOKEN_TIME_DATE_ONLY)
        && auth_token_time_date(text.data, text.len, round, out) == 0)
    {
        return 0;
    }

    if ((forms & AUTH_TOKEN_TIME_NO_ZONE)
        && auth_token_time_local(text.data, text.len, round, out) == 0)
    {
        return 0;
    }

    return -1;
}


static int
auth_token_mapping_when_integer(unsigned forms, int64_t value,
    auth_token_round_e round, int64_t *out)
{
    if (forms & AUTH_TOKEN_TIME_MILLISECONDS) {
        return auth_token_time_integer(value, 1, round, out);
    }

    if (forms & AUTH_TOKEN_TIME_SECONDS) {
        return auth_token_time_integer(value, 0, round, out);
    }

    return -1;
}


static int
auth_token_mapping_when_real(unsigned forms, double value,
    auth_token_round_e round, int64_t *out)
{
    int64_t  milliseconds;

    if (!(forms & AUTH_TOKEN_TIME_MILLISECONDS)) {
        if (!(forms & AUTH_TOKEN_TIME_SECONDS)) {
            return -1;
        }

        return auth_token_time_number(value, round, out);
    }

    /* a quotient could be rounded the wrong way: divide as an integer; the
       comparison is written so that it fails for NaN */

    if (!(value >= 0 && value < (double) AUTH_TOKEN_TIME_MAX * 1000 + 1000)) {
        return -1;
    }

    milliseconds = (int64_t) value;

    if (round == AUTH_TOKEN_ROUND_UP && (double) milliseconds < value) {
        milliseconds++;
    }

    return auth_token_time_integer(milliseconds, 1, round, out);
}
