/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A restriction of a Cloudflare token that is overlooked because it is spelt
 * or typed in another way, and details of another token than the one asked
 * for: the answer must then be unusable, or admit nobody.
 */


#include "../../ngx_module/core/auth_token_mapping.c"
#include "../../ngx_module/core/auth_token_mapping_cidr.c"
#include "../../ngx_module/core/auth_token_mapping_doc.c"

#include "apply.h"


#define DETAILS(members)                                                      \
    "{\"result\":{\"id\":\"" ID "\",\"status\":\"active\"" members "}}"

#define CONDITION(value)   DETAILS(",\"condition\":" value)
#define REQUEST_IP(value)  CONDITION("{\"request_ip\":" value "}")


typedef struct {
    const char            *text;
    auth_token_outcome_e   outcome;
    unsigned               flags;
    int64_t                not_before;
    int64_t                expires_on;
} details_case_t;


static const details_case_t  details_cases[] = {
    { DETAILS(""), RECORD, ACT, 0, 0 },
    { DETAILS(",\"unknown\":{\"x\":[1]},\"creator\":null"), RECORD, ACT, 0,
      0 },
    { DETAILS(",\"not_before\":null,\"expires_on\":null,\"name\":null,"
              "\"policies\":null,\"condition\":null"), RECORD, ACT, 0, 0 },
    { DETAILS(",\"expires_on\":\"2030-01-01T00:00:00Z\""), RECORD, ACT|EXP,
      0, 1893456000 },
    { DETAILS(",\"not_before\":\"2018-07-01T05:20:00Z\""), RECORD, ACT|NB,
      1530422400, 0 },
    { DETAILS(",\"not_before\":\"2018-07-01T05:20:00.1Z\","
              "\"expires_on\":\"2018-07-01T07:20:00.9+02:00\""), RECORD,
      ACT|NB|EXP, 1530422401, 1530422400 },
    { DETAILS(",\"expires_on\":\"1970-01-01T00:00:00Z\""), RECORD, ACT|EXP,
      0, 0 },
    { DETAILS(",\"expires_on\":\"1969-12-31T23:59:59Z\""), RECORD, ACT|EXP,
      0, -1 },

    { "{\"result\":{\"id\":\"" ID "\",\"status\":\"disabled\"}}", RECORD, 0,
      0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":\"revoked (exposed)\"}}",
      RECORD, 0, 0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":\"Active\"}}", RECORD, 0,
      0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":\"active \"}}", RECORD, 0,
      0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":\"\"}}", RECORD, 0, 0, 0 },

    { "{\"result\":{\"id\":\"" ID "\"}}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":null}}", UNAVAILABLE, 0,
      0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":true}}", UNAVAILABLE, 0,
      0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":1}}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":[\"active\"]}}",
      UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":{\"id\":\"" ID "\",\"status\":{\"a\":\"active\"}}}",
      UNAVAILABLE, 0, 0, 0 },
    { "{\"status\":\"active\",\"id\":\"" ID "\"}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":\"active\"}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":null}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":[]}", UNAVAILABLE, 0, 0, 0 },
    { "{}", UNAVAILABLE, 0, 0, 0 },

    { "{\"result\":{\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":{\"status\":\"active\",\"id\":null}}", UNAVAILABLE, 0,
      0, 0 },
    { "{\"result\":{\"status\":\"active\",\"id\":7}}", UNAVAILABLE, 0, 0, 0 },
    { "{\"result\":{\"status\":\"active\",\"id\":\"\"}}", UNAVAILABLE, 0,
      0, 0 },
    { "{\"result\":{\"status\":\"active\",\"id\":\"" OTHER "\"}}",
      UNAVAILABLE, 0, 0, 0 },

    { DETAILS(",\"expires_on\":0"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":1893456000"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":1e9"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":true"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":false"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":[]"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":{}"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":\"\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":\"never\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":\"2030-01-01\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"expires_on\":\"2030-01-01T00:00:00\""), UNAVAILABLE, 0,
      0, 0 },
    { DETAILS(",\"expires_on\":\"2030-02-30T00:00:00Z\""), UNAVAILABLE, 0,
      0, 0 },
    { DETAILS(",\"expires_on\":\"1893456000\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"not_before\":\"\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"not_before\":0"), UNAVAILABLE, 0, 0, 0 },

    { DETAILS(",\"name\":7"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"policies\":{}"), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"policies\":\"\""), UNAVAILABLE, 0, 0, 0 },
    { DETAILS(",\"issued_on\":0"), UNAVAILABLE, 0, 0, 0 }
};


static void
test_details(void)
{
    size_t                       i;
    const details_case_t        *c;
    auth_token_buf_t             record;
    const auth_token_record_t   *r;
    const auth_token_mapping_t  *m;

    m = &step_of("cloudflare_id", 0)->mapping;

    for (i = 0; i < sizeof(details_cases) / sizeof(details_cases[0]); i++) {
        c = &details_cases[i];

        auth_token_buf_init(&record, 65536);

        if (apply(m, c->text, ID, NULL, &record) != c->outcome) {
            ok(0, "%s", c->text);

        } else if (c->outcome != RECORD) {
            ok(1, "%s", c->text);

        } else {
            r = record_of(&record);

            ok(auth_token_record_valid(r, record.len)
               && r->flags == c->flags
               && r->not_before == c->not_before
               && r->expires_on == c->expires_on
               && r->nallow == 0 && r->ndeny == 0, "%s", c->text);
        }

        auth_token_buf_free(&record);
    }
}


/* addresses admitted and refused; neither: the answer is unusable */

typedef struct {
    const char  *text;
    const char  *admitted[3];
    const char  *refused[3];
} address_case_t;


#define ANY_CLIENT   { "192.0.2.1", "2001:db8::1", "unix:" }, { NULL }
#define NOBODY       { NULL }, { "192.0.2.1", "2001:db8::1", "unix:" }
#define UNUSABLE     { NULL }, { NULL }

static const address_case_t  address_cases[] = {
    { DETAILS(""), ANY_CLIENT },
    { CONDITION("null"), ANY_CLIENT },
    { REQUEST_IP("null"), ANY_CLIENT },
    { REQUEST_IP("{\"in\":null}"), ANY_CLIENT },
    { REQUEST_IP("{\"in\":null,\"not_in\":null}"), ANY_CLIENT },

    { REQUEST_IP("{\"in\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}"),
      { "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" },
      { "192.0.3.1", "2001:db9::1", "unix:" } },
    { REQUEST_IP("{\"in\":[\"192.0.2.1\"]}"),
      { "192.0.2.1" }, { "192.0.2.2", "2001:db8::1", "unix:" } },
    { REQUEST_IP("{\"not_in\":[\"192.0.2.1\"]}"),
      { "192.0.2.2", "2001:db8::1" }, { "192.0.2.1", "::ffff:192.0.2.1",
                                        "unix:" } },
    { REQUEST_IP("{\"in\":[\"192.0.2.0/24\"],\"not_in\":[\"192.0.2.7\"]}"),
      { "192.0.2.1" }, { "192.0.2.7", "192.0.3.1", "unix:" } },
    { REQUEST_IP("{\"in\":[\"123.123.123.0/24\"],"
                 "\"not_in\":[\"123.123.123.100/24\"]}"),
      { NULL }, { "123.123.123.1", "123.123.123.100", "192.0.2.1" } },
    { REQUEST_IP("{\"in\":null,\"not_in\":[\"192.0.2.1\"]}"),
      { "192.0.2.2" }, { "192.0.2.1" } },
    { REQUEST_IP("{\"in\":[\"192.0.2.1\"],\"not_in\":null}"),
      { "192.0.2.1" }, { "192.0.2.2" } },
    { REQUEST_IP("{\"in\":[\"0.0.0.0/0\",\"::/0\"]}"),
      { "192.0.2.1", "2001:db8::1" }, { "unix:" } },
    { REQUEST_IP("{\"not_in\":[]}"),
      { "192.0.2.1", "2001:db8::1" }, { "unix:" } },

    { REQUEST_IP("{\"in\":[]}"), NOBODY },
    { REQUEST_IP("{\"in\":[],\"not_in\":[]}"), NOBODY },
    { REQUEST_IP("{}"), NOBODY },
    { CONDITION("{}"), NOBODY },
    { CONDITION("{\"request.ip\":{}}"), NOBODY },
    { CONDITION("{\"request_ip\":{\"in\":[\"0.0.0.0/0\"]},"
                "\"request.ip\":{}}"), NOBODY },
    { CONDITION("{\"request_ip\":{},\"request.ip\":{}}"), NOBODY },

    { CONDITION("{\"request.ip\":{\"in\":[\"192.0.2.1\"]}}"),
      { "192.0.2.1" }, { "192.0.2.2", "unix:" } },
    { CONDITION("{\"request.ip\":{\"not_in\":[\"192.0.2.1\"]}}"),
      { "192.0.2.2" }, { "192.0.2.1", "unix:" } },
    { CONDITION("{\"request.ip\":{\"in\":[\"192.0.2.0/31\"]},"
                "\"request_ip\":{\"in\":[\"192.0.2.1\",\"192.0.2.2\"]}}"),
      { "192.0.2.1" }, { "192.0.2.0", "192.0.2.2" } },
    { CONDITION("{\"request.ip\":{\"not_in\":[\"192.0.2.1\"]},"
                "\"request_ip\":{\"not_in\":[\"192.0.2.2\"]}}"),
      { "192.0.2.3" }, { "192.0.2.1", "192.0.2.2" } },
    { CONDITION("{\"request.ip\":null,"
                "\"request_ip\":{\"in\":[\"192.0.2.1\"]}}"),
      { "192.0.2.1" }, { "192.0.2.2" } },

    { CONDITION("{\"request_country\":{\"in\":[\"de\"]}}"), UNUSABLE },
    { CONDITION("{\"request_country\":null}"), UNUSABLE },
    { CONDITION("{\"request_ip\":{\"in\":[\"0.0.0.0/0\"]},\"x\":1}"),
      UNUSABLE },
    { CONDITION("{\"Request_ip\":{\"in\":[\"192.0.2.1\"]}}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"0.0.0.0/0\"],\"only\":[]}"), UNUSABLE },
    { REQUEST_IP("{\"In\":[\"192.0.2.1\"]}"), UNUSABLE },
    { CONDITION("{\"request.ip\":{\"notin\":[]}}"), UNUSABLE },
    { CONDITION("\"none\""), UNUSABLE },
    { CONDITION("\"\""), UNUSABLE },
    { CONDITION("false"), UNUSABLE },
    { CONDITION("0"), UNUSABLE },
    { CONDITION("[]"), UNUSABLE },
    { CONDITION("[{\"request_ip\":{\"in\":[\"192.0.2.1\"]}}]"), UNUSABLE },
    { REQUEST_IP("[]"), UNUSABLE },
    { REQUEST_IP("\"192.0.2.1\""), UNUSABLE },
    { REQUEST_IP("true"), UNUSABLE },
    { REQUEST_IP("{\"in\":\"192.0.2.1\"}"), UNUSABLE },
    { REQUEST_IP("{\"in\":{}}"), UNUSABLE },
    { REQUEST_IP("{\"in\":{\"0\":\"192.0.2.1\"}}"), UNUSABLE },
    { REQUEST_IP("{\"in\":false}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[[\"192.0.2.1\"]]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[null]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[3221225985]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"192.0.2.1\",\"any\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"192.0.2.1/33\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"192.0.2.1/\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\" 192.0.2.1\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"010.0.0.1\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"::ffff:0.0.0.0/0\"]}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"example.com\"]}"), UNUSABLE },
    { REQUEST_IP("{\"not_in\":[\"192.0.2.1\",\"192.0.2\"]}"), UNUSABLE },
    { REQUEST_IP("{\"not_in\":\"192.0.2.1\"}"), UNUSABLE },
    { REQUEST_IP("{\"in\":[\"0.0.0.0/0\"],\"not_in\":{}}"), UNUSABLE }
};


/* "mapping" is one whose answers are of the form DETAILS() */

static void
test_addresses(const auth_token_mapping_t *m,
    const auth_token_record_t *earlier, const char *token)
{
    int                     good;
    size_t                  i, j;
    auth_token_buf_t        record;
    auth_token_outcome_e    outcome;
    const address_case_t   *c;

    for (i = 0; i < sizeof(address_cases) / sizeof(address_cases[0]); i++) {
        c = &address_cases[i];

        auth_token_buf_init(&record, 65536);

        outcome = apply(m, c->text, token, earlier, &record);
        good = 1;

        if (c->admitted[0] == NULL && c->refused[0] == NULL) {
            good = outcome == UNAVAILABLE;

        } else if (outcome != RECORD) {
            good = 0;
        }

        for (j = 0; good && j < 3; j++) {
            if ((c->admitted[j] && !admits(&record, c->admitted[j]))
                || (c->refused[j] && admits(&record, c->refused[j])))
            {
                good = 0;
            }
        }

        ok(good, "%s", c->text + sizeof(DETAILS("")) - 3);

        auth_token_buf_free(&record);
    }
}


/* details by the id that verify gave */

static void
test_earlier(void)
{
    auth_token_buf_t             record, earlier;
    const auth_token_mapping_t  *verify, *details;

    verify = &step_of("cloudflare", 0)->mapping;
    details = &step_of("cloudflare", 1)->mapping;

    id_record(&earlier, ID);
    auth_token_buf_init(&record, 65536);

    ok(apply(details, DETAILS(""), TOKEN, record_of(&earlier), &record)
       == RECORD, "the id of the earlier answer");
    auth_token_buf_free(&earlier);
    auth_token_buf_reset(&record);

    test_addresses(verify, NULL, TOKEN);

    id_record(&earlier, OTHER);

    ok(apply(details, DETAILS(""), TOKEN, record_of(&earlier), &record)
       == UNAVAILABLE, "another id than that of the earlier answer");
    ok(apply(details, DETAILS(""), TOKEN, NULL, &record) == UNAVAILABLE,
       "no earlier answer");
    ok(apply(verify, DETAILS(""), TOKEN, NULL, &record) == RECORD,
       "any id is fine in the first answer");
    auth_token_buf_reset(&record);
    ok(apply(verify, "{\"result\":{\"id\":\"../verify\","
             "\"status\":\"active\"}}", TOKEN, NULL, &record) == UNAVAILABLE,
       "unless it is none");

    auth_token_buf_free(&earlier);
    auth_token_buf_free(&record);
}


int
main(void)
{
    test_details();
    test_addresses(&step_of("cloudflare_id", 0)->mapping, NULL, ID);
    test_earlier();

    return done();
}
