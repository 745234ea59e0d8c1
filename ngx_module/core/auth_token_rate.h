/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What an authority tells of its budget: the fields RateLimit and
 * RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10).
 */

#ifndef _AUTH_TOKEN_RATE_H_INCLUDED_
#define _AUTH_TOKEN_RATE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_str.h"


/* further items of a head are not read */
#define AUTH_TOKEN_RATE_MAX  16


/* the name is borrowed, as it stands between its quotes */

typedef struct {
    auth_token_str_t        name;
    int64_t                 count;     /* r, q */
    int64_t                 seconds;   /* t, w; -1: none that can be read */
} auth_token_rate_item_t;


/* all zeros: nothing read yet */

typedef struct {
    size_t                  nlimits;
    size_t                  npolicies;
    auth_token_rate_item_t  limits[AUTH_TOKEN_RATE_MAX];
    auth_token_rate_item_t  policies[AUTH_TOKEN_RATE_MAX];
} auth_token_rates_t;


/*
 * Add the items of one line of RateLimit, of RateLimit-Policy.  An item that
 * is no string, or has no r (no q) that is a number, is passed over.
 */
void auth_token_rate_limits(auth_token_rates_t *rates, auth_token_str_t value);
void auth_token_rate_policies(auth_token_rates_t *rates,
    auth_token_str_t value);

/*
 * What is left of the limit that has least, and the seconds until it has more:
 * its t, else the w of its policy.  Of equals it is the one with most seconds.
 * -1: not told.
 */
void auth_token_rate_tightest(const auth_token_rates_t *rates,
    int64_t *remaining, int64_t *reset);

/*
 * Returns the value of digits, at least one of them, INT32_MAX if it is more
 * than that, -1 if there is anything else.
 */
int64_t auth_token_rate_number(auth_token_str_t s);


#endif /* _AUTH_TOKEN_RATE_H_INCLUDED_ */
