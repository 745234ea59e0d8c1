/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Rule 4 of the judgement: what a location requires of a token, over the
 * documents of its records.  Pure; whoever calls expands variables before and
 * combines several requirements.
 */

#ifndef _AUTH_TOKEN_REQUIRE_H_INCLUDED_
#define _AUTH_TOKEN_REQUIRE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_record.h"
#include "auth_token_str.h"


typedef enum {
    AUTH_TOKEN_REQUIRE_PERMISSION = 0, /* value: id or name of a group */
    AUTH_TOKEN_REQUIRE_SCOPE,          /* value: all of these, "a b" */
    AUTH_TOKEN_REQUIRE_SCOPE_ANY,      /* value: one of these, "a b" */
    AUTH_TOKEN_REQUIRE_AUDIENCE,       /* value: is "aud", or in it */
    AUTH_TOKEN_REQUIRE_ISSUER,         /* value: is "iss" */
    AUTH_TOKEN_REQUIRE_MAX_AGE,        /* value: seconds since "auth_time" */
    AUTH_TOKEN_REQUIRE_CLAIM           /* pointer, op, value */
} auth_token_require_kind_e;


/*
 * EQ takes strings, numbers and booleans; ONE_OF the same against "values";
 * CONTAINS an array of them; GT to LE numbers; MATCH strings.  What else the
 * claim is, an absent claim (but for PRESENT) and an empty value are errors.
 */

typedef enum {
    AUTH_TOKEN_REQUIRE_PRESENT = 0,    /* there, and not null */
    AUTH_TOKEN_REQUIRE_EQ,
    AUTH_TOKEN_REQUIRE_ONE_OF,
    AUTH_TOKEN_REQUIRE_CONTAINS,
    AUTH_TOKEN_REQUIRE_GT,
    AUTH_TOKEN_REQUIRE_LT,
    AUTH_TOKEN_REQUIRE_GE,
    AUTH_TOKEN_REQUIRE_LE,
    AUTH_TOKEN_REQUIRE_MATCH
} auth_token_require_op_e;


/* 0 must never be a pass: what nobody set is not met */

typedef enum {
    AUTH_TOKEN_REQUIRE_INSUFFICIENT = 0,
    AUTH_TOKEN_REQUIRE_FOREIGN,
    AUTH_TOKEN_REQUIRE_MET
} auth_token_require_e;


/* what one evaluation comes to; a negation leaves an error an error */

typedef enum {
    AUTH_TOKEN_TRUTH_ERROR = 0,
    AUTH_TOKEN_TRUTH_FALSE,
    AUTH_TOKEN_TRUTH_TRUE
} auth_token_truth_e;


/* regular expressions are the caller's: 1 match, 0 none, -1 error */

typedef int (*auth_token_require_match_pt)(void *data, auth_token_str_t text);


/*
 * A resource is looked for among a policy's, "parent" (an account) among
 * those that have others nested in them.  Without "any_resource" an empty
 * resource, without "any_parent" an empty parent, is an error: a variable
 * that turns out empty must not widen what is required.  "any_resource" goes
 * with "any_parent" only.  With "any_parent" an account's "zone.*" covers the
 * zones of any account: which zone is in which is not known here.
 */

typedef struct {
    auth_token_require_kind_e     kind;
    auth_token_require_op_e       op;
    unsigned                      negate:1;
    unsigned                      any_resource:1;
    unsigned                      any_parent:1;
    auth_token_str_t              pointer;     /* RFC 6901 */
    auth_token_str_t              value;
    const auth_token_str_t       *values;      /* ONE_OF */
    size_t                        nvalues;
    auth_token_str_t              resource;
    auth_token_str_t              parent;
    auth_token_require_match_pt   match;
    void                         *data;
} auth_token_requirement_t;


/*
 * One requirement over "n" records; of several that have a member, the later
 * one counts, its null included.  "now" is in epoch seconds.  FOREIGN comes
 * of AUDIENCE and ISSUER only.
 */
auth_token_require_e auth_token_require_eval(
    const auth_token_requirement_t *req,
    const auth_token_record_t *const *records, size_t n, int64_t now);


#endif /* _AUTH_TOKEN_REQUIRE_H_INCLUDED_ */
