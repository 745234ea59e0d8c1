/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Points in time as authorities write them, to seconds since the epoch.
 * Strict, independent of locale, TZ and the size of time_t; every result lies
 * in the years 0000 to 9999.  Used by whatever fills a record.
 */


#ifndef _AUTH_TOKEN_TIME_H_INCLUDED_
#define _AUTH_TOKEN_TIME_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define AUTH_TOKEN_TIME_MIN  (-62167219200)   /* 0000-01-01T00:00:00Z */
#define AUTH_TOKEN_TIME_MAX  253402300799     /* 9999-12-31T23:59:59Z */


/* what is finer than a second goes towards denial: down for the end of the
   window (expires_on, exp), up for its start (not_before, nbf) */

typedef enum {
    AUTH_TOKEN_ROUND_DOWN = 0,
    AUTH_TOKEN_ROUND_UP
} auth_token_round_e;


/*
 * An RFC 3339 date-time (5.6).  Returns 0, or -1 if it is none or leaves the
 * years 0000 to 9999 in UTC; then *out is untouched.  A leap second goes by
 * round: down to 23:59:59, up to the midnight that follows.
 */
int auth_token_time_rfc3339(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);

/*
 * As auth_token_time_rfc3339(), but with no zone: taken as UTC.
 */
int auth_token_time_local(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);

/*
 * "YYYY-MM-DD": the start of that day in UTC for either rounding, so that a
 * token is denied from the first second of the day it expires.  0 or -1.
 */
int auth_token_time_date(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);

/*
 * Seconds since the epoch, RFC 7519 NumericDate.  Returns 0, or -1 if the
 * value is not finite, negative or beyond 9999; then *out is untouched.
 */
int auth_token_time_number(double value, auth_token_round_e round,
    int64_t *out);

/*
 * Seconds, or milliseconds if the flag is set, since the epoch.  Returns 0,
 * or -1 if the value is negative or beyond 9999; then *out is untouched.
 */
int auth_token_time_integer(int64_t value, int milliseconds,
    auth_token_round_e round, int64_t *out);


#endif /* _AUTH_TOKEN_TIME_H_INCLUDED_ */
