/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * An answer that is read as more than it says: an error page as a refusal, a
 * refusal of our own credential as one of the token, a broken body as a
 * record.  Each row of the table of answers, and answers of no table.
 */


#include "../../ngx_module/core/auth_token_answer.c"

#include "protocol.h"


#define UNAVAILABLE  AUTH_TOKEN_OUTCOME_UNAVAILABLE
#define UNKNOWN      AUTH_TOKEN_OUTCOME_UNKNOWN
#define RECORD       AUTH_TOKEN_OUTCOME_RECORD

#define JSON  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define HTML  "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"

#define GOOD                                                                  \
    "{\"success\":true,\"errors\":[],\"messages\":[{\"code\":10000}],"        \
    "\"result\":{\"id\":\"" ID "\",\"status\":\"active\"}}"

#define REFUSED(code)                                                         \
    "{\"success\":false,\"errors\":[{\"code\":" #code ",\"message\":\"x\"}]," \
    "\"messages\":[],\"result\":null}"

#define PAGE  "<!DOCTYPE html><html><body>Blocked</body></html>"


typedef struct {
    const char            *name;
    long                   status;
    const char            *headers;
    const char            *body;
    auth_token_outcome_e   outcome;
    int64_t                code;
    int                    health;
    int                    credential;
} answer_case_t;


/* what is the same for each of the presets' steps */

static const answer_case_t  any_cases[] = {
    { "no answer", 0, "", "", UNAVAILABLE, 0, 1, 0 },
    { "1xx", 101, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "201", 201, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "202", 202, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "204", 204, "", "", UNAVAILABLE, 0, 0, 0 },
    { "206", 206, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "301", 301, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "302", 302, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "304", 304, "", "", UNAVAILABLE, 0, 0, 0 },
    { "402", 402, JSON, "{}", UNAVAILABLE, 0, 0, 0 },
    { "405", 405, JSON, "{}", UNAVAILABLE, 0, 0, 0 },
    { "410", 410, JSON, "{}", UNAVAILABLE, 0, 0, 0 },
    { "418", 418, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "429", 429, JSON, "{}", UNAVAILABLE, 0, 1, 0 },
    { "429, HTML", 429, HTML, PAGE, UNAVAILABLE, 0, 1, 0 },
    { "500", 500, JSON, "{}", UNAVAILABLE, 0, 1, 0 },
    { "502, HTML", 502, HTML, PAGE, UNAVAILABLE, 0, 1, 0 },
    { "503, text", 503, "Content-Type: text/plain\r\n",
      "upstream connect error", UNAVAILABLE, 0, 1, 0 },
    { "503, a record", 503, JSON, GOOD, UNAVAILABLE, 0, 1, 0 },
    { "599", 599, "", "", UNAVAILABLE, 0, 1, 0 },
    { "600", 600, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "999", 999, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "a negative status", -1, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "an overflown status", 4294967496L, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },

    { "200, HTML", 200, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "200, JSON called HTML", 200, HTML, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "200, HTML called JSON", 200, JSON, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "200, no type", 200, "Server: x\r\n", GOOD, UNAVAILABLE, 0, 0, 0 },
    { "200, two types", 200, JSON "Content-Type: text/html\r\n", GOOD,
      UNAVAILABLE, 0, 0, 0 },
    { "200, encoded", 200, "Content-Encoding: gzip\r\n" JSON, GOOD,
      UNAVAILABLE, 0, 0, 0 },
    { "200, header broken", 200, JSON "broken\r\n", GOOD, UNAVAILABLE, 0, 0,
      0 },
    { "200, empty", 200, JSON, "", UNAVAILABLE, 0, 0, 0 },
    { "200, null", 200, JSON, "null", UNAVAILABLE, 0, 0, 0 },
    { "200, true", 200, JSON, "true", UNAVAILABLE, 0, 0, 0 },
    { "200, {}", 200, JSON, "{}", UNAVAILABLE, 0, 0, 0 },
    { "200, maintenance", 200, JSON, "{\"status\":\"maintenance\"}",
      UNAVAILABLE, 0, 0, 0 },
    { "200, a list", 200, JSON, "[" GOOD "]", UNAVAILABLE, 0, 0, 0 },
    { "200, two bodies", 200, JSON, GOOD GOOD, UNAVAILABLE, 0, 0, 0 },
    { "200, a BOM", 200, JSON, "\xef\xbb\xbf" GOOD, UNAVAILABLE, 0, 0, 0 },
    { "200, text before", 200, JSON, "x" GOOD, UNAVAILABLE, 0, 0, 0 },
    { "200, a refusal", 200, JSON, "{\"success\":false,\"errors\":[],"
      "\"active\":1}", UNAVAILABLE, 0, 0, 0 }
};


/* both Cloudflare steps with a record of ours */

static const answer_case_t  cf_cases[] = {
    { "200", 200, JSON, GOOD, RECORD, 0, 0, 0 },
    { "200, no errors", 200, JSON, "{\"success\":true,\"result\":{\"id\":\""
      ID "\",\"status\":\"active\"}}", RECORD, 0, 0, 0 },
    { "200, errors null", 200, JSON, "{\"success\":true,\"errors\":null,"
      "\"result\":{\"id\":\"" ID "\",\"status\":\"active\"}}", RECORD, 0, 0,
      0 },
    { "200, disabled", 200, JSON, "{\"success\":true,\"result\":{\"id\":\""
      ID "\",\"status\":\"disabled\"}}", RECORD, 0, 0, 0 },

    { "200, success and errors", 200, JSON, "{\"success\":true,"
      "\"errors\":[{\"code\":1000}],\"result\":{\"id\":\"" ID
      "\",\"status\":\"active\"}}", UNAVAILABLE, 1000, 0, 0 },
    { "200, errors no list", 200, JSON, "{\"success\":true,\"errors\":{},"
      "\"result\":{\"id\":\"" ID "\",\"status\":\"active\"}}", UNAVAILABLE,
      0, 0, 0 },
    { "200, success false", 200, JSON, "{\"success\":false,\"errors\":[],"
      "\"result\":{\"id\":\"" ID "\",\"status\":\"active\"}}", UNAVAILABLE,
      0, 0, 0 },
    { "200, success missing", 200, JSON, "{\"result\":{\"id\":\"" ID
      "\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "200, success 1", 200, JSON, "{\"success\":1,\"result\":{\"id\":\"" ID
      "\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "200, success \"true\"", 200, JSON, "{\"success\":\"true\","
      "\"result\":{\"id\":\"" ID "\",\"status\":\"active\"}}", UNAVAILABLE,
      0, 0, 0 },
    { "200, success null", 200, JSON, "{\"success\":null,\"result\":{\"id\":"
      "\"" ID "\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "200, result null", 200, JSON, "{\"success\":true,\"result\":null}",
      UNAVAILABLE, 0, 0, 0 },
    { "200, result a list", 200, JSON, "{\"success\":true,\"result\":[{"
      "\"id\":\"" ID "\",\"status\":\"active\"}]}", UNAVAILABLE, 0, 0, 0 },
    { "200, result empty", 200, JSON, "{\"success\":true,\"result\":{}}",
      UNAVAILABLE, 0, 0, 0 },
    { "200, status twice", 200, JSON, "{\"success\":true,\"result\":{\"id\":"
      "\"" ID "\",\"status\":\"disabled\",\"status\":\"active\"}}",
      UNAVAILABLE, 0, 0, 0 },
    { "200, a short id", 200, JSON, "{\"success\":true,\"result\":{\"id\":"
      "\"verify\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "200, cut short", 200, JSON, "{\"success\":true,\"result\":{\"id\":\""
      ID "\",\"status\":\"active\"}", UNAVAILABLE, 0, 0, 0 }
};


static const answer_case_t  verify_cases[] = {
    { "401", 401, JSON, REFUSED(1000), UNKNOWN, 1000, 0, 0 },
    { "400", 400, JSON, REFUSED(6003), UNKNOWN, 6003, 0, 0 },
    { "401, no result", 401, JSON, "{\"success\":false,\"errors\":[{\"code\":"
      "10000,\"message\":\"Authentication error\"}]}", UNKNOWN, 10000, 0, 0 },
    { "401, no errors", 401, JSON, "{\"success\":false,\"errors\":[]}",
      UNKNOWN, 0, 0, 0 },
    { "401, problem+json", 401, "Content-Type: application/problem+json\r\n",
      REFUSED(1000), UNKNOWN, 1000, 0, 0 },
    { "403", 403, JSON, REFUSED(9109), UNAVAILABLE, 9109, 0, 0 },
    { "404", 404, JSON, REFUSED(7003), UNAVAILABLE, 7003, 0, 0 },
    { "429", 429, JSON, REFUSED(971), UNAVAILABLE, 971, 1, 0 },

    { "401, HTML", 401, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "401, HTML called JSON", 401, JSON, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "401, JSON called HTML", 401, HTML, REFUSED(1000), UNAVAILABLE, 0, 0,
      0 },
    { "401, empty", 401, "", "", UNAVAILABLE, 0, 0, 0 },
    { "401, {}", 401, JSON, "{}", UNAVAILABLE, 0, 0, 0 },
    { "401, a list", 401, JSON, "[]", UNAVAILABLE, 0, 0, 0 },
    { "401, success", 401, JSON, GOOD, UNAVAILABLE, 0, 0, 0 },
    { "401, success missing", 401, JSON, "{\"errors\":[]}", UNAVAILABLE, 0,
      0, 0 },
    { "401, errors missing", 401, JSON, "{\"success\":false}", UNAVAILABLE,
      0, 0, 0 },
    { "401, errors null", 401, JSON, "{\"success\":false,\"errors\":null}",
      UNAVAILABLE, 0, 0, 0 },
    { "401, errors a map", 401, JSON, "{\"success\":false,\"errors\":{"
      "\"0\":{\"code\":1}}}", UNAVAILABLE, 1, 0, 0 },
    { "401, errors a text", 401, JSON, "{\"success\":false,\"errors\":\"x\"}",
      UNAVAILABLE, 0, 0, 0 },
    { "401, an OAuth error", 401, JSON, "{\"error\":\"invalid_token\"}",
      UNAVAILABLE, 0, 0, 0 },
    { "401, encoded", 401, "Content-Encoding: br\r\n" JSON, REFUSED(1000),
      UNAVAILABLE, 0, 0, 0 },
    { "401, success twice", 401, JSON, "{\"success\":true,\"success\":false,"
      "\"errors\":[]}", UNAVAILABLE, 0, 0, 0 },
    { "403, HTML", 403, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "401, code no number", 401, JSON, REFUSED("x"), UNKNOWN, 0, 0, 0 }
};


static const answer_case_t  details_cases[] = {
    { "401", 401, JSON, REFUSED(10000), UNAVAILABLE, 10000, 0, 1 },
    { "403", 403, JSON, REFUSED(9109), UNAVAILABLE, 9109, 0, 1 },
    { "401, HTML", 401, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "403, HTML", 403, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "400", 400, JSON, REFUSED(6003), UNAVAILABLE, 6003, 0, 0 },
    { "404", 404, JSON, REFUSED(1003), UNAVAILABLE, 1003, 0, 0 },
    { "404, HTML", 404, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "another id", 200, JSON, "{\"success\":true,\"result\":{\"id\":\""
      OTHER "\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 },
    { "no id", 200, JSON, "{\"success\":true,\"result\":{\"status\":"
      "\"active\"}}", UNAVAILABLE, 0, 0, 0 }
};


static const answer_case_t  id_cases[] = {
    { "404", 404, JSON, REFUSED(1003), UNKNOWN, 1003, 0, 0 },
    { "404, HTML", 404, HTML, PAGE, UNAVAILABLE, 0, 0, 0 },
    { "404, no refusal", 404, JSON, "{\"success\":true,\"errors\":[]}",
      UNAVAILABLE, 0, 0, 0 },
    { "401", 401, JSON, REFUSED(10000), UNAVAILABLE, 10000, 0, 1 },
    { "403", 403, JSON, REFUSED(9109), UNAVAILABLE, 9109, 0, 1 },
    { "400", 400, JSON, REFUSED(6003), UNAVAILABLE, 6003, 0, 0 },
    { "another id", 200, JSON, "{\"success\":true,\"result\":{\"id\":\""
      OTHER "\",\"status\":\"active\"}}", UNAVAILABLE, 0, 0, 0 }
};


static const answer_case_t  oauth_cases[] = {
    { "active", 200, JSON, "{\"active\":true}", RECORD, 0, 0, 0 },
    { "inactive", 200, JSON, "{\"active\":false}", UNKNOWN, 0, 0, 0 },
    { "active a string", 200, JSON, "{\"active\":\"true\"}", UNAVAILABLE, 0,
      0, 0 },
    { "active twice", 200, JSON, "{\"active\":false,\"active\":true}",
      UNAVAILABLE, 0, 0, 0 },
    { "exp a string", 200, JSON, "{\"active\":true,\"exp\":\"1\"}",
      UNAVAILABLE, 0, 0, 0 },
    { "a JWT", 200, "Content-Type: application/token-introspection+jwt\r\n",
      "{\"active\":true}", UNAVAILABLE, 0, 0, 0 },
    { "401", 401, JSON, "{\"error\":\"invalid_client\"}", UNAVAILABLE, 0, 0,
      1 },
    { "401, empty", 401, "", "", UNAVAILABLE, 0, 0, 1 },
    { "401, inactive", 401, JSON, "{\"active\":false}", UNAVAILABLE, 0, 0,
      1 },
    { "403", 403, JSON, "{\"error\":\"x\"}", UNAVAILABLE, 0, 0, 1 },
    { "400", 400, JSON, "{\"error\":\"invalid_request\"}", UNAVAILABLE, 0, 0,
      0 },
    { "404", 404, JSON, "{\"active\":false}", UNAVAILABLE, 0, 0, 0 },
    { "500, inactive", 500, JSON, "{\"active\":false}", UNAVAILABLE, 0, 1,
      0 }
};


static const answer_case_t  vault_cases[] = {
    { "a token", 200, JSON, "{\"data\":{\"id\":\"" TOKEN "\"}}", RECORD, 0, 0,
      0 },
    { "data empty", 200, JSON, "{\"data\":{}}", UNAVAILABLE, 0, 0, 0 },
    { "id null", 200, JSON, "{\"data\":{\"id\":null}}", UNAVAILABLE, 0, 0, 0 },
    { "another id", 200, JSON, "{\"data\":{\"id\":\"" OTHER "\"}}",
      UNAVAILABLE, 0, 0, 0 },
    { "errors", 200, JSON, "{\"data\":{\"id\":\"" TOKEN "\"},"
      "\"errors\":[\"x\"]}", UNAVAILABLE, 0, 0, 0 }
};


static void
read_one(const auth_token_step_t *step, const char *headers,
    auth_token_str_t body, long status, const char *token,
    const auth_token_record_t *earlier, auth_token_buf_t *record,
    auth_token_result_t *result)
{
    auth_token_vars_t           vars;
    auth_token_answer_t         answer;
    const auth_token_record_t  *records[1];

    records[0] = earlier;

    vars.token = str_of(token);
    vars.records = records;
    vars.nrecords = 1;

    answer.status = status;
    answer.headers = str_of(headers);
    answer.body = body;
    answer.claims = str_of(NULL);
    answer.unverified = NULL;

    memset(result, 0xff, sizeof(*result));

    auth_token_answer_read(step, &answer, &vars, NOW, record, result);
}


static void
test_cases(const char *name, const auth_token_step_t *step,
    const char *token, const auth_token_record_t *earlier,
    const answer_case_t *cases, size_t n)
{
    size_t                i;
    auth_token_buf_t      record;
    const answer_case_t  *c;
    auth_token_result_t   r;

    for (i = 0; i < n; i++) {
        c = &cases[i];

        auth_token_buf_init(&record, 65536);

        read_one(step, c->headers, guarded(c->body), c->status, token,
                 earlier, &record, &r);

        ok(r.outcome == c->outcome
           && r.code == c->code
           && r.health == (unsigned) c->health
           && r.credential == (unsigned) c->credential
           && (r.reason != NULL) == (c->outcome != RECORD)
           && (record.len != 0) == (c->outcome == RECORD)
           && r.retry_after == -1
           && r.ratelimit_remaining == -1
           && r.ratelimit_reset == -1,
           "%s: %s", name, show(c->name));

        auth_token_buf_free(&record);
    }
}


#define run(name, step, token, earlier, cases)                                \
    test_cases(name, step, token, earlier, cases,                             \
               sizeof(cases) / sizeof(cases[0]))


/* no byte cut off a good answer leaves one */

static void
test_truncated(void)
{
    size_t                i;
    auth_token_str_t      body;
    auth_token_buf_t      record;
    auth_token_result_t   r;

    auth_token_buf_init(&record, 65536);

    for (i = 0; i < sizeof(GOOD) - 1; i++) {
        body.len = i;
        body.data = guard_copy(GOOD, i);

        read_one(step_of("cloudflare_id", 0), JSON, body, 200, ID, NULL,
                 &record, &r);

        if (r.outcome != UNAVAILABLE || record.len != 0) {
            ok(0, "cut off after %zu bytes", i);
        }
    }

    is_int(i, sizeof(GOOD) - 1, "an answer cut off anywhere is unusable");

    auth_token_buf_free(&record);
}


static void
test_numbers(void)
{
    auth_token_buf_t      record;
    auth_token_result_t   r;

    auth_token_buf_init(&record, 65536);

    read_one(step_of("cloudflare", 0),
             "HTTP/2 429\r\nRetry-After: 300\r\n"
             "Ratelimit: \"default\";r=0;t=30\r\n"
             "Content-Type: application/json\r\n\r\n",
             str_of(REFUSED(971)), 429, TOKEN, NULL, &record, &r);

    ok(r.outcome == UNAVAILABLE && r.retry_after == 300 && r.code == 971
       && r.ratelimit_remaining == 0 && r.ratelimit_reset == 30,
       "what a 429 says about time");

    read_one(step_of("introspection", 0),
             "Ratelimit: \"default\";r=50;t=30\r\n" JSON,
             str_of("{\"active\":true}"), 200, TOKEN, NULL, &record, &r);

    ok(r.outcome == RECORD && r.ratelimit_remaining == 50
       && r.retry_after == -1, "and what a 200 says");

    auth_token_buf_free(&record);
}


static void
test_limits(void)
{
    char                 *headers;
    size_t                len;
    auth_token_buf_t      record;
    auth_token_result_t   r;

    len = AUTH_TOKEN_ANSWER_MAX_HEADERS;
    headers = malloc(len + 2);

    memset(headers, 'x', len + 1);
    memcpy(headers, JSON "X:", sizeof(JSON "X:") - 1);
    headers[len] = '\0';

    auth_token_buf_init(&record, 65536);

    read_one(step_of("introspection", 0), headers,
             str_of("{\"active\":true}"), 200, TOKEN, NULL, &record, &r);
    ok(r.outcome == RECORD, "the longest header");
    auth_token_buf_free(&record);

    headers[len] = 'x';
    headers[len + 1] = '\0';

    read_one(step_of("introspection", 0), headers,
             str_of("{\"active\":true}"), 200, TOKEN, NULL, &record, &r);
    ok(r.outcome == UNAVAILABLE, "a byte too long");
    auth_token_buf_free(&record);

    free(headers);

    auth_token_buf_init(&record, 16);
    read_one(step_of("introspection", 0), JSON, str_of("{\"active\":true}"),
             200, TOKEN, NULL, &record, &r);
    ok(r.outcome == UNAVAILABLE && record.len == 0 && !record.failed,
       "a record that is too large");
    auth_token_buf_free(&record);
}


/* a status that alone is enough cannot make a record without a body */

static void
test_bare(void)
{
    auth_token_buf_t     record;
    auth_token_step_t    step;
    auth_token_result_t  r;

    static const auth_token_status_t  bare[] = {
        { .status = 200, .outcome = RECORD, .bare = 1 },
        { .status = 403, .outcome = UNKNOWN, .bare = 1 }
    };

    memset(&step, 0, sizeof(step));
    step.nstatuses = 2;
    step.statuses = bare;

    auth_token_buf_init(&record, 65536);

    read_one(&step, "", str_of(""), 200, TOKEN, NULL, &record, &r);
    ok(r.outcome == UNAVAILABLE && record.len == 0, "no body, no record");

    read_one(&step, JSON, str_of("{}"), 200, TOKEN, NULL, &record, &r);
    ok(r.outcome == RECORD && record.len != 0, "a body, a record");

    auth_token_buf_reset(&record);
    auth_token_buf_adds(&record, "rubbish");

    read_one(&step, "Content-Type: text/plain\r\n", str_of("ACL not found"),
             403, TOKEN, NULL, &record, &r);
    ok(r.outcome == UNKNOWN && record.len == 0, "a refusal needs none there");

    auth_token_buf_free(&record);
}


int
main(void)
{
    auth_token_buf_t            earlier;
    const auth_token_step_t    *verify, *details, *by_id, *oauth;
    const auth_token_record_t  *record;

    id_record(&earlier, ID);
    record = record_of(&earlier);

    verify = step_of("cloudflare", 0);
    details = step_of("cloudflare", 1);
    by_id = step_of("cloudflare_id", 0);
    oauth = step_of("introspection", 0);

    run("verify", verify, TOKEN, NULL, any_cases);
    run("verify", verify, TOKEN, NULL, cf_cases);
    run("verify", verify, TOKEN, NULL, verify_cases);
    run("details", details, TOKEN, record, any_cases);
    run("details", details, TOKEN, record, cf_cases);
    run("details", details, TOKEN, record, details_cases);
    run("by id", by_id, ID, NULL, any_cases);
    run("by id", by_id, ID, NULL, cf_cases);
    run("by id", by_id, ID, NULL, id_cases);
    run("introspection", oauth, TOKEN, NULL, any_cases);
    run("introspection", oauth, TOKEN, NULL, oauth_cases);
    run("vault", step_of("vault", 0), TOKEN, NULL, any_cases);
    run("vault", step_of("vault", 0), TOKEN, NULL, vault_cases);

    test_truncated();
    test_numbers();
    test_limits();
    test_bare();

    auth_token_buf_free(&earlier);

    return done();
}
