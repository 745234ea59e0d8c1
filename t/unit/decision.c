/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The wrong verdict: a window closed or opened a second off, arithmetic that
 * wraps at the ends of time, an order of the rules that tells too much, and
 * above all anything that allows without a whole record.
 */


#include "../../ngx_module/core/auth_token_decision.c"

#include "tap.h"


#define ACTIVE  AUTH_TOKEN_RECORD_ACTIVE
#define BEFORE  AUTH_TOKEN_RECORD_HAS_NOT_BEFORE
#define EXPIRES AUTH_TOKEN_RECORD_HAS_EXPIRES_ON


typedef struct {
    const char            *name;
    unsigned               flags;
    int64_t                not_before;
    int64_t                expires_on;
    auth_token_address_e   address;
    int64_t                now;
    int64_t                leeway;
    auth_token_verdict_e   want;
} decision_case_t;


static const decision_case_t  cases[] = {
    { "no window", ACTIVE, 0, 0, 1, 100, 0, AUTH_TOKEN_ALLOWED },
    { "not active", 0, 0, 0, 1, 100, 0, AUTH_TOKEN_INACTIVE },
    { "not active comes before the window", EXPIRES, 0, 50, 0, 100, 0,
      AUTH_TOKEN_INACTIVE },

    { "a second before the end", ACTIVE|EXPIRES, 0, 100, 1, 99, 0,
      AUTH_TOKEN_ALLOWED },
    { "at the end", ACTIVE|EXPIRES, 0, 100, 1, 100, 0, AUTH_TOKEN_EXPIRED },
    { "after the end", ACTIVE|EXPIRES, 0, 100, 1, 101, 0,
      AUTH_TOKEN_EXPIRED },
    { "the last second of the leeway", ACTIVE|EXPIRES, 0, 100, 1, 104, 5,
      AUTH_TOKEN_ALLOWED },
    { "the end of the leeway", ACTIVE|EXPIRES, 0, 100, 1, 105, 5,
      AUTH_TOKEN_EXPIRED },
    { "an end at 0 is an end", ACTIVE|EXPIRES, 0, 0, 1, 0, 0,
      AUTH_TOKEN_EXPIRED },
    { "no end, though the field says 50", ACTIVE, 0, 50, 1, 100, 0,
      AUTH_TOKEN_ALLOWED },
    { "an end before 1970", ACTIVE|EXPIRES, 0, -100, 1, -101, 0,
      AUTH_TOKEN_ALLOWED },

    { "a second before the start", ACTIVE|BEFORE, 100, 0, 1, 99, 0,
      AUTH_TOKEN_NOT_YET_VALID },
    { "at the start", ACTIVE|BEFORE, 100, 0, 1, 100, 0, AUTH_TOKEN_ALLOWED },
    { "the leeway before the start", ACTIVE|BEFORE, 100, 0, 1, 95, 5,
      AUTH_TOKEN_ALLOWED },
    { "before the leeway", ACTIVE|BEFORE, 100, 0, 1, 94, 5,
      AUTH_TOKEN_NOT_YET_VALID },
    { "no start, though the field says 500", ACTIVE, 500, 0, 1, 100, 0,
      AUTH_TOKEN_ALLOWED },

    { "an empty window", ACTIVE|BEFORE|EXPIRES, 100, 100, 1, 100, 0,
      AUTH_TOKEN_EXPIRED },
    { "a window the wrong way round", ACTIVE|BEFORE|EXPIRES, 200, 100, 1,
      150, 0, AUTH_TOKEN_EXPIRED },
    { "before it", ACTIVE|BEFORE|EXPIRES, 200, 100, 1, 50, 0,
      AUTH_TOKEN_NOT_YET_VALID },

    { "a refused address", ACTIVE, 0, 0, 0, 100, 0,
      AUTH_TOKEN_ADDRESS_DENIED },
    { "an address of no known value", ACTIVE, 0, 0, 2, 100, 0,
      AUTH_TOKEN_ADDRESS_DENIED },
    { "expired comes before the address", ACTIVE|EXPIRES, 0, 100, 0, 100, 0,
      AUTH_TOKEN_EXPIRED },
    { "not yet valid comes before the address", ACTIVE|BEFORE, 101, 0, 0,
      100, 0, AUTH_TOKEN_NOT_YET_VALID },

    { "a negative leeway", ACTIVE, 0, 0, 1, 100, -1,
      AUTH_TOKEN_UNAVAILABLE },

    { "the end of time does not wrap into the past", ACTIVE|BEFORE,
      INT64_MAX, 0, 1, INT64_MAX - 1, 5, AUTH_TOKEN_ALLOWED },
    { "nor its start into the future", ACTIVE|EXPIRES, 0, INT64_MIN + 1, 1,
      INT64_MIN + 2, 5, AUTH_TOKEN_ALLOWED },
    { "all of the leeway there is", ACTIVE|BEFORE|EXPIRES, INT64_MAX,
      INT64_MIN + 1, 1, 0, INT64_MAX, AUTH_TOKEN_EXPIRED }
};


static auth_token_record_t
decision_record(unsigned flags, int64_t not_before, int64_t expires_on)
{
    auth_token_record_t  r;

    memset(&r, 0, sizeof(r));

    r.magic = AUTH_TOKEN_RECORD_MAGIC;
    r.flags = (uint16_t) flags;
    r.not_before = not_before;
    r.expires_on = expires_on;

    return r;
}


static void
test_cases(void)
{
    size_t                  i;
    auth_token_record_t     r;
    auth_token_evidence_t   e;
    const decision_case_t  *c;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];

        r = decision_record(c->flags, c->not_before, c->expires_on);
        e.record = &r;
        e.address = c->address;

        is_str(auth_token_verdict_name(auth_token_decide(&e, 1, c->now,
                                                         c->leeway)),
               auth_token_verdict_name(c->want), c->name);
    }
}


static void
test_nothing(void)
{
    auth_token_record_t    r;
    auth_token_evidence_t  e;

    is_int(auth_token_decide(NULL, 0, 100, 0), AUTH_TOKEN_UNAVAILABLE,
           "no evidence");

    e.record = NULL;
    e.address = AUTH_TOKEN_ADDRESS_ADMITTED;

    is_int(auth_token_decide(&e, 1, 100, 0), AUTH_TOKEN_UNAVAILABLE,
           "no record");

    r = decision_record(ACTIVE, 0, 0);
    r.magic ^= 1;
    e.record = &r;

    is_int(auth_token_decide(&e, 1, 100, 0), AUTH_TOKEN_UNAVAILABLE,
           "a record of another layout");

    memset(&r, 0, sizeof(r));

    is_int(auth_token_decide(&e, 1, 100, 0), AUTH_TOKEN_UNAVAILABLE,
           "a record of zeros");

    is_int(AUTH_TOKEN_UNAVAILABLE, 0, "a verdict nobody set denies");
    is_int(AUTH_TOKEN_ADDRESS_REFUSED, 0, "as does an address nobody judged");
}


/* every pair of what two records can be: the first that denies is told */

static void
test_several(void)
{
    int                     bad;
    size_t                  i, j;
    auth_token_record_t     r[5];
    auth_token_evidence_t   e[5], two[2];
    auth_token_verdict_e    want;

    static const auth_token_verdict_e  single[] = {
        AUTH_TOKEN_ALLOWED, AUTH_TOKEN_INACTIVE, AUTH_TOKEN_EXPIRED,
        AUTH_TOKEN_NOT_YET_VALID, AUTH_TOKEN_ADDRESS_DENIED
    };

    r[0] = decision_record(ACTIVE, 0, 0);
    r[1] = decision_record(0, 0, 0);
    r[2] = decision_record(ACTIVE|EXPIRES, 0, 100);
    r[3] = decision_record(ACTIVE|BEFORE, 101, 0);
    r[4] = decision_record(ACTIVE, 0, 0);

    for (i = 0; i < 5; i++) {
        e[i].record = &r[i];
        e[i].address = (i == 4) ? AUTH_TOKEN_ADDRESS_REFUSED
                                : AUTH_TOKEN_ADDRESS_ADMITTED;
    }

    bad = 0;

    for (i = 0; i < 5; i++) {
        for (j = 0; j < 5; j++) {
            two[0] = e[i];
            two[1] = e[j];
            want = (i != 0) ? single[i] : single[j];

            bad += auth_token_decide(two, 2, 100, 0) != want;
        }
    }

    is_int(bad, 0, "all records must allow, the first that does not counts");

    two[0] = e[0];
    two[1].record = NULL;

    is_int(auth_token_decide(two, 2, 100, 0), AUTH_TOKEN_UNAVAILABLE,
           "a missing second record");
}


/* against the rule in arithmetic that cannot overflow */

static void
test_extremes(void)
{
    int                    bad;
    size_t                 i, j, k, m;
    auth_token_record_t    r;
    auth_token_evidence_t  e;
    auth_token_verdict_e   want;

    static const int64_t  at[] = {
        INT64_MIN, INT64_MIN + 1, INT64_MIN + 2, INT64_MIN / 2, -2, -1, 0, 1,
        2, 2147483647, 2147483648, 4102444800, INT64_MAX / 2, INT64_MAX - 2,
        INT64_MAX - 1, INT64_MAX
    };

    const size_t  n = sizeof(at) / sizeof(at[0]);

    bad = 0;

    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            for (k = 0; k < n; k++) {
                for (m = 6; m < n; m++) {
                    r = decision_record(ACTIVE|BEFORE|EXPIRES, at[j], at[k]);
                    e.record = &r;
                    e.address = AUTH_TOKEN_ADDRESS_ADMITTED;

                    want = AUTH_TOKEN_ALLOWED;

                    if ((__int128) at[i] + at[m] < at[j]) {
                        want = AUTH_TOKEN_NOT_YET_VALID;
                    }

                    if ((__int128) at[i] - at[m] >= at[k]) {
                        want = AUTH_TOKEN_EXPIRED;
                    }

                    /* the one place where saturation denies on its own */

                    if (at[k] == INT64_MIN) {
                        want = ((__int128) at[i] - at[m] <= INT64_MIN)
                               ? AUTH_TOKEN_EXPIRED : want;
                    }

                    bad += auth_token_decide(&e, 1, at[i], at[m]) != want;
                }
            }
        }
    }

    is_int(bad, 0, "the window at the ends of time");
}


static void
test_expiry(void)
{
    int64_t                at;
    auth_token_record_t    none, soon, late;
    auth_token_evidence_t  e[4];

    none = decision_record(ACTIVE, 0, 7);
    soon = decision_record(ACTIVE|EXPIRES, 0, -5);
    late = decision_record(ACTIVE|EXPIRES, 0, 200);

    memset(e, 0, sizeof(e));
    at = 1;

    is_int(auth_token_expiry(NULL, 0, &at), 0, "no records, no end");

    e[0].record = &none;

    is_int(auth_token_expiry(e, 4, &at), 0, "records without an end");
    is_int(at, 1, "leave it alone");

    e[1].record = &late;
    e[2].record = &soon;
    e[3].record = &late;

    is_int(auth_token_expiry(e, 2, &at), 1, "one with an end");
    is_int(at, 200, "gives it");
    is_int(auth_token_expiry(e, 4, &at), 1, "several");
    is_int(at, -5, "give the earliest");
}


static void
test_names(void)
{
    int     i, j, bad;

    bad = 0;

    for (i = 0; i < AUTH_TOKEN_NVERDICTS; i++) {
        for (j = 0; j < i; j++) {
            bad += strcmp(auth_token_verdict_name(i),
                          auth_token_verdict_name(j)) == 0;
        }
    }

    is_int(bad, 0, "every verdict has a name of its own");
    is_str(auth_token_verdict_name(AUTH_TOKEN_ALLOWED), "ALLOWED", "ALLOWED");
    is_str(auth_token_verdict_name(AUTH_TOKEN_NVERDICTS), "UNAVAILABLE",
           "a number past the verdicts");
    is_str(auth_token_verdict_name((auth_token_verdict_e) -1), "UNAVAILABLE",
           "a number before them");
}


int
main(void)
{
    test_cases();
    test_nothing();
    test_several();
    test_extremes();
    test_expiry();
    test_names();

    return done();
}
