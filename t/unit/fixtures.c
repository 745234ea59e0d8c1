/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Answers as the vendor documents them and as others have seen them, read
 * from a directory beside the checkout: skipped where there is none.
 */


#include "../../ngx_module/core/auth_token_answer.c"

#include "protocol.h"


#define FIXTURES  "../shared/data/fixtures/"
#define ZEROES    "00000000000000000000000000000000"

#define UNAVAILABLE  AUTH_TOKEN_OUTCOME_UNAVAILABLE
#define UNKNOWN      AUTH_TOKEN_OUTCOME_UNKNOWN
#define RECORD       AUTH_TOKEN_OUTCOME_RECORD

#define WINDOW  (AUTH_TOKEN_RECORD_HAS_NOT_BEFORE                             \
                 |AUTH_TOKEN_RECORD_HAS_EXPIRES_ON)


typedef struct {
    const char            *file;
    const char            *preset;
    size_t                 step;
    long                   status;
    const char            *id;
    auth_token_outcome_e   outcome;
    int64_t                code;
    unsigned               flags;      /* besides ACTIVE */
} fixture_case_t;


/*
 * The documented details carry errors in a success, so the answer is not one;
 * the documented verification does not.
 */

static const fixture_case_t  fixture_cases[] = {
    { "details-documented.json", "cloudflare_id", 0, 200, ID, UNAVAILABLE,
      1000, 0 },
    { "details-observed-shape.json", "cloudflare_id", 0, 200, ZEROES, RECORD,
      0, 0 },
    { "details-observed-shape.json", "cloudflare", 1, 200, ZEROES, RECORD,
      0, 0 },
    { "details-observed-shape.json", "cloudflare", 1, 200, ID, UNAVAILABLE,
      0, 0 },
    { "verify-documented.json", "cloudflare", 0, 200, "", RECORD, 0, WINDOW },
    { "verify-observed.json", "cloudflare", 0, 200, "", RECORD, 0, 0 },
    { "verify-observed-window.json", "cloudflare", 0, 200, "", RECORD, 0,
      WINDOW },
    { "error-1000-invalid.json", "cloudflare", 0, 401, "", UNKNOWN, 1000, 0 },
    { "error-6003-format.json", "cloudflare", 0, 400, "", UNKNOWN, 6003, 0 },
    { "error-1001-missing.json", "cloudflare", 0, 400, "", UNKNOWN, 1001, 0 },
    { "error-9109-location.json", "cloudflare", 0, 403, "", UNAVAILABLE,
      9109, 0 },
    { "error-9109-location.json", "cloudflare", 1, 403, ID, UNAVAILABLE,
      9109, 0 },
    { "error-10000-no-result.json", "cloudflare", 1, 401, ID, UNAVAILABLE,
      10000, 0 },
    { "error-9106-missing-no-messages.json", "cloudflare", 1, 400, ID,
      UNAVAILABLE, 9106, 0 },
    { "error-971-ratelimit.json", "cloudflare_id", 0, 429, ID, UNAVAILABLE,
      971, 0 }
};


/* returns the length, or 0 if there is no such file */

static size_t
read_file(const char *name, char *buf, size_t size)
{
    FILE    *f;
    char     path[200];
    size_t   n;

    snprintf(path, sizeof(path), FIXTURES "%s", name);

    f = fopen(path, "r");

    if (f == NULL) {
        return 0;
    }

    n = fread(buf, 1, size - 1, f);
    fclose(f);

    buf[n] = '\0';

    return n;
}


static void
test_fixture(const fixture_case_t *c, const char *text)
{
    auth_token_buf_t            record, earlier;
    auth_token_vars_t           vars;
    auth_token_answer_t         answer;
    auth_token_result_t         r;
    const auth_token_record_t  *records[1];

    id_record(&earlier, c->id);
    records[0] = record_of(&earlier);

    vars.token = str_of(strcmp(c->preset, "cloudflare_id") == 0 ? c->id
                                                                : TOKEN);
    vars.records = records;
    vars.nrecords = 1;

    answer.status = c->status;
    answer.headers = str_of("Content-Type: application/json\r\n");
    answer.body = guarded(text);

    auth_token_buf_init(&record, 65536);

    auth_token_answer_read(step_of(c->preset, c->step), &answer, &vars, NOW,
                           &record, &r);

    ok(r.outcome == c->outcome && r.code == c->code
       && (c->outcome != RECORD
           || record_of(&record)->flags
              == (c->flags | AUTH_TOKEN_RECORD_ACTIVE)),
       "%s, %ld, as step %zu of %s", c->file, c->status, c->step, c->preset);

    auth_token_buf_free(&record);
    auth_token_buf_free(&earlier);
}


int
main(void)
{
    char                   text[65536];
    size_t                 i, n;
    const fixture_case_t  *c;

    n = sizeof(fixture_cases) / sizeof(fixture_cases[0]);

    if (read_file(fixture_cases[0].file, text, sizeof(text)) == 0) {
        printf("1..0 # SKIP no " FIXTURES "\n");
        return 0;
    }

    for (i = 0; i < n; i++) {
        c = &fixture_cases[i];

        if (read_file(c->file, text, sizeof(text)) == 0) {
            ok(0, "%s cannot be read", c->file);
            continue;
        }

        test_fixture(c, text);
    }

    return done();
}
