/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * An authority whose budget is used up is asked on, since its fields were not
 * understood, or is not asked at all, since something else was taken for them.
 */


#include "../../ngx_module/core/auth_token_rate.c"

#include "protocol.h"


typedef struct {
    const char  *limits;
    const char  *policies;
    int64_t      remaining;
    int64_t      reset;
} rate_case_t;


static const rate_case_t  rate_cases[] = {

    /* as Cloudflare has it */
    { "\"default\";r=50;t=30", "\"burst\";q=100;w=60", 50, 30 },

    /* the window stands in for a time that is not told */
    { "\"a\";r=0", "\"a\";q=100;w=60", 0, 60 },
    { "\"a\";r=0", "\"b\";q=9;w=5, \"a\";q=100;w=60", 0, 60 },
    { "\"a\";r=0", "\"a\";q=9;w=5, \"a\";q=100;w=60", 0, 60 },
    { "\"a\";r=0", "\"a\";q=9;w=60, \"a\";q=100;w=5", 0, 60 },
    { "\"a\";r=0;t=x", "\"a\";q=100;w=60", 0, 60 },
    { "\"a\";r=0;t=7", "\"a\";q=100;w=60", 0, 7 },
    { "\"a\";r=0;t=0", "\"a\";q=100;w=60", 0, 0 },
    { "\"a\";r=0", "\"a\";w=60;q=100;qu=\"x;w=1\";pk=:c2s=:", 0, 60 },
    { "\"a\";r=0", "\"b\";q=100;w=60", 0, -1 },
    { "\"a\";r=0", "\"A\";q=100;w=60", 0, -1 },
    { "\"a\";r=0", "\"aa\";q=100;w=60", 0, -1 },
    { "\"a\";r=0", "a;q=100;w=60", 0, -1 },
    { "\"a\";r=0", "\"a\";w=60", 0, -1 },
    { "\"a\";r=0", "\"a\";q=100", 0, -1 },
    { "\"a\";r=0", "\"a\";q=100;w=-60", 0, -1 },
    { "\"a\";r=0", "\"a\";q=100;w=6e1", 0, -1 },
    { "\"a\";r=0", "\"a\";q=100;ww=60", 0, -1 },
    { "\"a\";r=0", "", 0, -1 },
    { "\"\";r=0", "\"\";q=1;w=2", 0, 2 },
    { "\"a\\\"b\";r=0", "\"a\\\"b\";q=1;w=2", 0, 2 },
    { "", "\"a\";q=0;w=60", -1, -1 },

    /* the least, of equals the longest */
    { "\"a\";r=0;t=1, \"b\";r=0;t=300", "", 0, 300 },
    { "\"a\";r=0;t=300, \"b\";r=0;t=1", "", 0, 300 },
    { "\"a\";r=0, \"b\";r=0;t=1", "", 0, 1 },
    { "\"a\";r=0;t=1, \"b\";r=0", "\"b\";q=9;w=86400", 0, 86400 },
    { "\"a\";r=1;t=300, \"b\";r=0;t=1", "", 0, 1 },
    { "\"a\";r=0;t=1,\"b\";r=1;t=300", "", 0, 1 },

    /* items that are none do not harm the others */
    { "\"a\";t=30, \"b\";r=7;t=5", "", 7, 5 },
    { "a;r=0;t=9, \"b\";r=7;t=5", "", 7, 5 },
    { "\"a;r=0;t=9, \"b\";r=7;t=5", "", -1, -1 },
    { "\"a\"b;r=0;t=9, \"b\";r=7;t=5", "", 7, 5 },
    { "\"a\" \"b\";r=0;t=9, \"b\";r=7;t=5", "", 7, 5 },
    { "\";r=0;t=9, \"b\";r=7;t=5", "", -1, -1 },
    { "r=0;t=9, \"b\";r=7;t=5", "", 7, 5 },
    { ";r=0, \"b\";r=7;t=5,", "", 7, 5 },
    { "\"a\\\";r=0", "", -1, -1 },
    { "\"a\\", "", -1, -1 },
    { "\"", "", -1, -1 },
    { "\"a\";r=1;r=2;t=3;t=4", "", 2, 4 },
    { "\"a\";r=1;r=x;t=3", "", -1, -1 },
    { "\"a\";r = 1;t=3", "", -1, -1 },
    { "\"a\";r", "", -1, -1 },
    { "\"a\";r=;t=3", "", -1, -1 },
    { "\"a\";R=1;T=3", "", -1, -1 },
    { "\"a\";r=2147483648;t=99999999999999999999", "", 2147483647,
      2147483647 }
};


static void
test_cases(void)
{
    size_t               i;
    int64_t              remaining, reset;
    auth_token_rates_t   rates;
    const rate_case_t   *c;

    for (i = 0; i < sizeof(rate_cases) / sizeof(rate_cases[0]); i++) {
        c = &rate_cases[i];

        memset(&rates, 0, sizeof(rates));

        auth_token_rate_policies(&rates, str_of(c->policies));
        auth_token_rate_limits(&rates, guarded(c->limits));
        auth_token_rate_tightest(&rates, &remaining, &reset);

        ok(remaining == c->remaining && reset == c->reset,
           "%s by %s: %lld, %lld", c->limits, c->policies,
           (long long) remaining, (long long) reset);

        memset(&rates, 0, sizeof(rates));

        auth_token_rate_limits(&rates, str_of(c->limits));
        auth_token_rate_policies(&rates, guarded(c->policies));
        auth_token_rate_tightest(&rates, &remaining, &reset);

        ok(remaining == c->remaining && reset == c->reset,
           "the policy last, %s", c->policies);
    }
}


/* items without end */

static void
test_many(void)
{
    int                 i;
    int64_t             remaining, reset;
    auth_token_rates_t  rates;

    memset(&rates, 0, sizeof(rates));

    for (i = 0; i < 40; i++) {
        auth_token_rate_policies(&rates, str_of("\"a\";q=1;w=2,\"b\";q=1"));
        auth_token_rate_limits(&rates, str_of("\"a\";r=5,\"b\";r=7"));
    }

    auth_token_rate_tightest(&rates, &remaining, &reset);

    ok(remaining == 5 && reset == 2, "many items on many lines");
    ok(rates.nlimits == AUTH_TOKEN_RATE_MAX
       && rates.npolicies == AUTH_TOKEN_RATE_MAX, "are not all kept");
}


int
main(void)
{
    test_cases();
    test_many();

    return done();
}
