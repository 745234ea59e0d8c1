/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * An answer that should be signed and is believed without: plain JSON, a JWT
 * whose signature was not good, or claims of somebody else.
 */


#include "../../ngx_module/core/auth_token_answer.c"

#include "protocol.h"


#define UNAVAILABLE  AUTH_TOKEN_OUTCOME_UNAVAILABLE
#define UNKNOWN      AUTH_TOKEN_OUTCOME_UNKNOWN
#define RECORD       AUTH_TOKEN_OUTCOME_RECORD

#define JWT   "Content-Type: application/token-introspection+jwt\r\n"
#define JSON  "Content-Type: application/json\r\n"

#define CLAIMS(inner)                                                         \
    "{\"iss\":\"https://as\",\"aud\":\"me\",\"iat\":1700000000,"              \
    "\"token_introspection\":" inner "}"

#define TYPE  "the content type of the answer is not that of a signed one"
#define NONE  "the answer was not verified"
#define BAD   "the signature of the JWT is not good"


static const struct {
    const char            *name;
    long                   status;
    const char            *headers;
    const char            *body;
    const char            *claims;     /* NULL: not verified */
    const char            *unverified;
    auth_token_outcome_e   outcome;
    const char            *reason;
} cases[] = {
    { "active", 200, JWT, "x.y.z", CLAIMS("{\"active\":true}"), NULL, RECORD,
      NULL },
    { "inactive", 200, JWT, "x.y.z", CLAIMS("{\"active\":false}"), NULL,
      UNKNOWN, "the token is not active" },

    { "no signature", 200, JWT, "x.y.z", NULL, NULL, UNAVAILABLE, NONE },
    { "a bad signature", 200, JWT, "x.y.z", NULL, BAD, UNAVAILABLE, BAD },
    { "JSON called a JWT", 200, JWT, "{\"active\":true}", NULL, BAD,
      UNAVAILABLE, BAD },
    { "plain JSON", 200, JSON, "{\"active\":true}", NULL, NULL, UNAVAILABLE,
      TYPE },
    { "a JWT called JSON", 200, JSON, "x.y.z", CLAIMS("{\"active\":true}"),
      NULL, UNAVAILABLE, TYPE },
    { "claims that are no JSON", 200, JWT, "x.y.z", "x", NULL, UNAVAILABLE,
      "the body is not valid JSON" },
    { "claims without a claim", 200, JWT, "x.y.z", "{\"active\":true}", NULL,
      UNAVAILABLE, "the JWT is of another issuer" },
    { "no success", 200, JWT, "x.y.z", CLAIMS("{\"error\":\"x\"}"), NULL,
      UNAVAILABLE, "the answer has not the form of a success" },

    /* who refuses does not sign */
    { "a refusal", 404, JSON, "{\"error\":\"x\"}", NULL, NULL, UNKNOWN,
      "refused" },
    { "no refusal", 404, JSON, "{\"active\":true}", NULL, NULL, UNAVAILABLE,
      "the answer has not the form of the authority's refusals" },
    { "a refusal that is signed", 404, JWT, "x.y.z", CLAIMS("{}"), NULL,
      UNAVAILABLE, "the content type of the answer is not JSON" },
    { "no status of the table", 500, JSON, "{\"error\":\"x\"}", NULL, NULL,
      UNAVAILABLE, "the authority failed" }
};


static const auth_token_status_t  statuses[] = {
    { .status = 200, .outcome = RECORD },
    { .status = 404, .outcome = UNKNOWN, .reason = "refused" }
};

static const auth_token_condition_t  success[] = {
    { auth_token_str("/error"), AUTH_TOKEN_EXPECT_EMPTY, 0, NULL }
};

static const auth_token_condition_t  refusal[] = {
    { auth_token_str("/error"), AUTH_TOKEN_EXPECT_STRING, 0, NULL }
};


int
main(void)
{
    size_t                i;
    auth_token_buf_t      record;
    auth_token_step_t     step;
    auth_token_vars_t     vars;
    auth_token_answer_t   answer;
    auth_token_result_t   r;
    auth_token_signed_t   want;

    want.issuer = str_of("https://as");
    want.audience = str_of("me");
    want.algs = 0;
    want.leeway = 0;

    step = *step_of("introspection", 0);
    step.jwt = &want;
    step.nstatuses = 2;
    step.statuses = statuses;
    step.nsuccess = 1;
    step.success = success;
    step.nrefusal = 1;
    step.refusal = refusal;

    memset(&vars, 0, sizeof(vars));
    vars.token = str_of(TOKEN);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auth_token_buf_init(&record, 65536);

        answer.status = cases[i].status;
        answer.headers = str_of(cases[i].headers);
        answer.body = str_of(cases[i].body);
        answer.claims = str_of(cases[i].claims);
        answer.unverified = cases[i].unverified;

        auth_token_answer_read(&step, &answer, &vars, NOW, &record, &r);

        ok(r.outcome == cases[i].outcome
           && (record.len != 0) == (r.outcome == RECORD),
           "%s", cases[i].name);
        is_str(r.reason, cases[i].reason, "why");

        auth_token_buf_free(&record);
    }

    return done();
}
