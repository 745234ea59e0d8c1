/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Templates: a byte for the place, a line with the template, then the token.
 * What a client sends must not end the place where it stands.
 */


#include "auth_token_template.h"
#include "answers.h"


static size_t
count(const unsigned char *p, size_t len, const char *set)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        n += p[i] != '\0' && strchr(set, p[i]) != NULL;
    }

    return n;
}


static void
check_output(auth_token_str_t text, auth_token_place_e place,
    const auth_token_buf_t *out)
{
    size_t  i;

    static const char *const  ends[] = {
        [AUTH_TOKEN_PLACE_PATH] = "/?#&=;",
        [AUTH_TOKEN_PLACE_QUERY] = "/?#&=;",
        [AUTH_TOKEN_PLACE_FORM] = "&=",
        [AUTH_TOKEN_PLACE_JSON] = "\"",
        [AUTH_TOKEN_PLACE_HEADER] = "\r\n"
    };

    if (place == AUTH_TOKEN_PLACE_FORM) {
        must(count(out->data, out->len, ends[place]) == 0);

    } else if (place != AUTH_TOKEN_PLACE_JSON) {
        must(count(out->data, out->len, ends[place])
             == count(text.data, text.len, ends[place]));
    }

    for (i = 0; i < out->len; i++) {
        must(out->data[i] >= ' ' || place == AUTH_TOKEN_PLACE_JSON
             || out->data[i] == '\t');
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                         rc;
    const char                 *error;
    auth_token_buf_t            out, earlier;
    auth_token_str_t            text;
    auth_token_vars_t           vars;
    auth_token_place_e          place;
    const auth_token_record_t  *records[1];

    place = fuzz_byte(&data, &size) % 5;
    text = fuzz_line(&data, &size);

    answers_earlier(&earlier);
    auth_token_buf_init(&out, 65536);

    records[0] = (const auth_token_record_t *) earlier.data;
    vars.token = fuzz_exact(data, size);
    vars.records = records;
    vars.nrecords = 1;

    error = auth_token_template_check(text, place);
    rc = auth_token_template_expand(text, place, &vars, &out);

    if (error == NULL && rc == 0) {
        check_output(text, place, &out);
    }

    auth_token_buf_free(&out);
    auth_token_buf_free(&earlier);
    fuzz_done();

    return 0;
}
