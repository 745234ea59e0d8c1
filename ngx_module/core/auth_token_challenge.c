/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The one table of verdicts and answers, and the text of the challenge.
 */


#include <inttypes.h>
#include <stdio.h>

#include "auth_token_challenge.h"


typedef struct {
    int          status;
    const char  *error;
    unsigned     challenge:1;
    unsigned     retry:1;
} auth_token_answer_t;


static const auth_token_answer_t *auth_token_challenge_answer(
    auth_token_verdict_e verdict);
static void auth_token_challenge_add(auth_token_buf_t *b, const char *name,
    auth_token_str_t value);
static void auth_token_challenge_add_age(auth_token_buf_t *b, int64_t age);
static void auth_token_challenge_add_quoted(auth_token_buf_t *b,
    auth_token_str_t value);


/* RFC 6750 has no code for a refused address, and no reason is told */

static const auth_token_answer_t
    auth_token_answers[AUTH_TOKEN_NVERDICTS] =
{
    [AUTH_TOKEN_UNAVAILABLE] =    { 503, NULL,                 0, 1 },
    [AUTH_TOKEN_MISSING] =        { 401, NULL,                 1, 0 },
    [AUTH_TOKEN_MALFORMED] =      { 400, "invalid_request",    1, 0 },
    [AUTH_TOKEN_UNKNOWN] =        { 401, "invalid_token",      1, 0 },
    [AUTH_TOKEN_INACTIVE] =       { 401, "invalid_token",      1, 0 },
    [AUTH_TOKEN_EXPIRED] =        { 401, "invalid_token",      1, 0 },
    [AUTH_TOKEN_NOT_YET_VALID] =  { 401, "invalid_token",      1, 0 },
    [AUTH_TOKEN_ADDRESS_DENIED] = { 403, NULL,                 0, 0 },
    [AUTH_TOKEN_INSUFFICIENT] =   { 403, "insufficient_scope", 1, 0 },
    [AUTH_TOKEN_FOREIGN] =        { 401, "invalid_token",      1, 0 },
    [AUTH_TOKEN_ALLOWED] =        { 0,   NULL,                 0, 0 }
};


int
auth_token_verdict_status(auth_token_verdict_e verdict)
{
    return auth_token_challenge_answer(verdict)->status;
}


const char *
auth_token_verdict_error(auth_token_verdict_e verdict)
{
    return auth_token_challenge_answer(verdict)->error;
}


int
auth_token_verdict_challenges(auth_token_verdict_e verdict)
{
    return auth_token_challenge_answer(verdict)->challenge;
}


int
auth_token_verdict_retries(auth_token_verdict_e verdict)
{
    return auth_token_challenge_answer(verdict)->retry;
}


int
auth_token_challenge_format(auth_token_buf_t *b,
    const auth_token_challenge_t *c)
{
    auth_token_str_t  error;

    (void) auth_token_buf_adds(b, "Bearer realm=");
    auth_token_challenge_add_quoted(b, c->realm);

    if (c->error != NULL) {
        error.len = strlen(c->error);
        error.data = (unsigned char *) c->error;

        auth_token_challenge_add(b, "error", error);
    }

    auth_token_challenge_add(b, "scope", c->scope);
    auth_token_challenge_add(b, "resource_metadata", c->resource_metadata);
    auth_token_challenge_add(b, "acr_values", c->acr_values);

    if (c->has_max_age) {
        auth_token_challenge_add_age(b, c->max_age);
    }

    return b->failed ? -1 : 0;
}


static const auth_token_answer_t *
auth_token_challenge_answer(auth_token_verdict_e verdict)
{
    if ((unsigned) verdict >= AUTH_TOKEN_NVERDICTS) {
        verdict = AUTH_TOKEN_UNAVAILABLE;
    }

    return &auth_token_answers[verdict];
}


static void
auth_token_challenge_add(auth_token_buf_t *b, const char *name,
    auth_token_str_t value)
{
    if (value.len == 0) {
        return;
    }

    (void) auth_token_buf_adds(b, ", ");
    (void) auth_token_buf_adds(b, name);
    (void) auth_token_buf_addc(b, '=');

    auth_token_challenge_add_quoted(b, value);
}


static void
auth_token_challenge_add_age(auth_token_buf_t *b, int64_t age)
{
    int               n;
    char              text[sizeof("-9223372036854775808")];
    auth_token_str_t  value;

    if (age < 0) {
        b->failed = 1;
        return;
    }

    n = snprintf(text, sizeof(text), "%" PRId64, age);

    value.len = (size_t) n;
    value.data = (unsigned char *) text;

    /* quoted, as in the examples of RFC 9470 */

    auth_token_challenge_add(b, "max_age", value);
}


/* quoted-string of RFC 7230, 3.2.6, which lets nothing through to end it */

static void
auth_token_challenge_add_quoted(auth_token_buf_t *b, auth_token_str_t value)
{
    size_t         i;
    unsigned char  c;

    (void) auth_token_buf_addc(b, '"');

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        if (c < 0x20 || c > 0x7e) {
            c = '?';

        } else if (c == '"' || c == '\\') {
            (void) auth_token_buf_addc(b, '\\');
        }

        (void) auth_token_buf_addc(b, c);
    }

    (void) auth_token_buf_addc(b, '"');
}
