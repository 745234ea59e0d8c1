/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A token that RFC 7662 calls inactive, or calls nothing understandable, and
 * that is taken for active; members of the answer under a name of ours.
 */


#include "../../ngx_module/core/auth_token_mapping.c"
#include "../../ngx_module/core/auth_token_mapping_doc.c"

#include "apply.h"


typedef struct {
    const char            *text;
    auth_token_outcome_e   outcome;
    unsigned               flags;
    int64_t                not_before;
    int64_t                expires_on;
    const char            *doc;
} oauth_case_t;


#define ACTIVE(members)  "{\"active\":true" members "}"

static const oauth_case_t  oauth_cases[] = {
    { ACTIVE(""), RECORD, ACT, 0, 0, "{}" },
    { ACTIVE(",\"exp\":1893456000,\"nbf\":1530422400,\"iat\":1530422400"),
      RECORD, ACT|NB|EXP, 1530422400, 1893456000, "{\"iat\":1530422400}" },
    { ACTIVE(",\"exp\":1893456000.9,\"nbf\":1530422400.1"), RECORD,
      ACT|NB|EXP, 1530422401, 1893456000, "{}" },
    { ACTIVE(",\"exp\":1.893456e9"), RECORD, ACT|EXP, 0, 1893456000, "{}" },
    { ACTIVE(",\"exp\":0"), RECORD, ACT|EXP, 0, 0, "{}" },
    { ACTIVE(",\"exp\":253402300799"), RECORD, ACT|EXP, 0, 253402300799,
      "{}" },
    { ACTIVE(",\"sub\":\"s\",\"iss\":\"i\",\"username\":\"u\","
             "\"client_id\":\"c\",\"scope\":\"a b\",\"jti\":\"j\","
             "\"aud\":\"x\",\"ext\":{\"k\":[1,null]},\"gone\":null"),
      RECORD, ACT, 0, 0,
      "{\"id\":\"j\",\"jti\":\"j\",\"sub\":\"s\",\"iss\":\"i\",\"aud\":\"x\","
      "\"username\":\"u\",\"scope\":\"a b\",\"client_id\":\"c\","
      "\"ext\":{\"k\":[1,null]}}" },
    { ACTIVE(",\"aud\":[\"x\",\"y\"]"), RECORD, ACT, 0, 0,
      "{\"aud\":[\"x\",\"y\"]}" },
    { ACTIVE(",\"aud\":[]"), RECORD, ACT, 0, 0, "{\"aud\":[]}" },
    { ACTIVE(",\"sub\":null,\"jti\":null,\"aud\":null"), RECORD, ACT, 0, 0,
      "{}" },
    { ACTIVE(",\"id\":\"forged\",\"x\":1"), RECORD, ACT, 0, 0, "{\"x\":1}" },
    { ACTIVE(",\"access_token\":\"" TOKEN "\",\"y\":2"), RECORD, ACT, 0, 0,
      "{\"access_token\":null,\"y\":2}" },

    { "{\"active\":false}", UNKNOWN, 0, 0, 0, "" },
    { "{\"active\":false,\"exp\":\"x\"}", UNKNOWN, 0, 0, 0, "" },

    { "{}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":null}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":\"true\"}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":\"false\"}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":1}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":0}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":[true]}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"active\":1.0}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"Active\":true}", UNAVAILABLE, 0, 0, 0, "" },
    { "{\"exp\":1893456000}", UNAVAILABLE, 0, 0, 0, "" },
    { "[true]", UNAVAILABLE, 0, 0, 0, "" },

    { ACTIVE(",\"exp\":\"1893456000\""), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":\"2030-01-01T00:00:00Z\""), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":null"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"nbf\":null"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":true"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":[1893456000]"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":-1"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":-0.5"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":253402300800"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":1e300"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"exp\":9223372036854775807"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"nbf\":\"1\""), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"nbf\":1e300"), UNAVAILABLE, 0, 0, 0, "" },

    { ACTIVE(",\"sub\":7"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"iss\":{}"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"username\":[\"u\"]"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"scope\":[\"a\"]"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"client_id\":1"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"jti\":1"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"aud\":1"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"aud\":{}"), UNAVAILABLE, 0, 0, 0, "" },
    { ACTIVE(",\"aud\":[\"x\",1]"), UNAVAILABLE, 0, 0, 0, "" }
};


static void
test_oauth(void)
{
    size_t                       i;
    const oauth_case_t          *c;
    auth_token_buf_t             record;
    const auth_token_record_t   *r;
    const auth_token_mapping_t  *m;

    m = &step_of("introspection", 0)->mapping;

    for (i = 0; i < sizeof(oauth_cases) / sizeof(oauth_cases[0]); i++) {
        c = &oauth_cases[i];

        auth_token_buf_init(&record, 65536);

        if (!ok(apply(m, c->text, TOKEN, NULL, &record) == c->outcome, "%s",
                c->text)
            || c->outcome != RECORD)
        {
            auth_token_buf_free(&record);
            continue;
        }

        r = record_of(&record);

        ok(r->flags == c->flags && r->not_before == c->not_before
           && r->expires_on == c->expires_on, "its facts");
        is_doc(&record, c->doc, "its document");

        auth_token_buf_free(&record);
    }
}


int
main(void)
{
    test_oauth();

    return done();
}
