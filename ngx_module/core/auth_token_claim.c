/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The operators of a requirement on a claim.  Three-valued: of several
 * comparisons one that holds wins, then one that could not be made.
 */


#include <math.h>
#include <stdlib.h>

#include "auth_token_claim.h"
#include "auth_token_time.h"


/* digits of any number that makes sense to compare with, and NUL */
#define AUTH_TOKEN_CLAIM_NUMBER_SIZE  64


/* a real only if it is no 64-bit integer */

typedef struct {
    int                    is_real;
    int64_t                integer;
    double                 real;
} auth_token_number_t;


static auth_token_truth_e auth_token_claim_eq(auth_token_doc_value_t claim,
    auth_token_str_t value);
static auth_token_truth_e auth_token_claim_one_of(
    auth_token_doc_value_t claim, const auth_token_str_t *values, size_t n);
static auth_token_truth_e auth_token_claim_contains(
    auth_token_doc_value_t claim, auth_token_str_t value);
static auth_token_truth_e auth_token_claim_order(
    auth_token_doc_value_t claim, const auth_token_requirement_t *req);
static auth_token_truth_e auth_token_claim_match(
    auth_token_doc_value_t claim, const auth_token_requirement_t *req);
static auth_token_truth_e auth_token_claim_or(auth_token_truth_e a,
    auth_token_truth_e b);
static auth_token_truth_e auth_token_claim_truth(int cond);
static int auth_token_claim_compare(auth_token_doc_value_t claim,
    auth_token_str_t value, int *order);
static int auth_token_claim_compare_mixed(int64_t integer, double real);
static int auth_token_claim_number(auth_token_str_t text,
    auth_token_number_t *number);
static int auth_token_claim_integer(const char *text, int64_t *value);
static int auth_token_claim_is_number(const char *p, int *whole);
static const char *auth_token_claim_digits(const char *p);


auth_token_truth_e
auth_token_claim_eval(auth_token_doc_value_t claim,
    const auth_token_requirement_t *req)
{
    switch (req->op) {

    case AUTH_TOKEN_REQUIRE_PRESENT:
        return auth_token_claim_truth(claim.type != AUTH_TOKEN_DOC_ABSENT
                                      && claim.type != AUTH_TOKEN_DOC_NULL);

    case AUTH_TOKEN_REQUIRE_EQ:
        return auth_token_claim_eq(claim, req->value);

    case AUTH_TOKEN_REQUIRE_ONE_OF:
        return auth_token_claim_one_of(claim, req->values, req->nvalues);

    case AUTH_TOKEN_REQUIRE_CONTAINS:
        return auth_token_claim_contains(claim, req->value);

    case AUTH_TOKEN_REQUIRE_GT:
    case AUTH_TOKEN_REQUIRE_LT:
    case AUTH_TOKEN_REQUIRE_GE:
    case AUTH_TOKEN_REQUIRE_LE:
        return auth_token_claim_order(claim, req);

    case AUTH_TOKEN_REQUIRE_MATCH:
        return auth_token_claim_match(claim, req);

    default:
        return AUTH_TOKEN_TRUTH_ERROR;
    }
}


auth_token_truth_e
auth_token_claim_age(auth_token_doc_value_t claim, auth_token_str_t seconds,
    int64_t now)
{
    int                  rc;
    int64_t              since, age;
    auth_token_number_t  max;

    since = 0;

    if (auth_token_claim_number(seconds, &max) != 0
        || max.is_real || max.integer < 0 || now < 0)
    {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    if (claim.type == AUTH_TOKEN_DOC_INTEGER) {
        rc = auth_token_time_integer(claim.integer, 0, AUTH_TOKEN_ROUND_DOWN,
                                     &since);

    } else if (claim.type == AUTH_TOKEN_DOC_REAL) {
        rc = auth_token_time_number(claim.real, AUTH_TOKEN_ROUND_DOWN, &since);

    } else {
        rc = -1;
    }

    if (rc != 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    age = (now > since) ? now - since : since - now;

    return auth_token_claim_truth(age <= max.integer);
}


static auth_token_truth_e
auth_token_claim_eq(auth_token_doc_value_t claim, auth_token_str_t value)
{
    int  order;

    if (value.len == 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    switch (claim.type) {

    case AUTH_TOKEN_DOC_STRING:
        return auth_token_claim_truth(auth_token_str_eq(&claim.bytes, &value));

    case AUTH_TOKEN_DOC_FALSE:
    case AUTH_TOKEN_DOC_TRUE:

        if (auth_token_str_eq_lit(&value, "true")) {
            return auth_token_claim_truth(claim.type == AUTH_TOKEN_DOC_TRUE);
        }

        if (auth_token_str_eq_lit(&value, "false")) {
            return auth_token_claim_truth(claim.type == AUTH_TOKEN_DOC_FALSE);
        }

        return AUTH_TOKEN_TRUTH_ERROR;

    default:

        if (auth_token_claim_compare(claim, value, &order) != 0) {
            return AUTH_TOKEN_TRUTH_ERROR;
        }

        return auth_token_claim_truth(order == 0);
    }
}


static auth_token_truth_e
auth_token_claim_one_of(auth_token_doc_value_t claim,
    const auth_token_str_t *values, size_t n)
{
    size_t              i;
    auth_token_truth_e  truth;

    if (n == 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    truth = AUTH_TOKEN_TRUTH_FALSE;

    for (i = 0; i < n; i++) {
        truth = auth_token_claim_or(truth,
                                    auth_token_claim_eq(claim, values[i]));
    }

    return truth;
}


/* of an array only: in a string, "admin" would be found in "badmin" */

static auth_token_truth_e
auth_token_claim_contains(auth_token_doc_value_t claim,
    auth_token_str_t value)
{
    auth_token_str_t        key;
    auth_token_truth_e      truth;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (claim.type != AUTH_TOKEN_DOC_ARRAY || value.len == 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    truth = AUTH_TOKEN_TRUTH_FALSE;

    auth_token_doc_iter(&it, claim);

    while (auth_token_doc_next(&it, &key, &member)) {
        truth = auth_token_claim_or(truth, auth_token_claim_eq(member, value));
    }

    return (it.rest.len == 0) ? truth : AUTH_TOKEN_TRUTH_ERROR;
}


static auth_token_truth_e
auth_token_claim_order(auth_token_doc_value_t claim,
    const auth_token_requirement_t *req)
{
    int  order;

    if (auth_token_claim_compare(claim, req->value, &order) != 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    switch (req->op) {

    case AUTH_TOKEN_REQUIRE_GT:
        return auth_token_claim_truth(order > 0);

    case AUTH_TOKEN_REQUIRE_LT:
        return auth_token_claim_truth(order < 0);

    case AUTH_TOKEN_REQUIRE_GE:
        return auth_token_claim_truth(order >= 0);

    default: /* AUTH_TOKEN_REQUIRE_LE */
        return auth_token_claim_truth(order <= 0);
    }
}


static auth_token_truth_e
auth_token_claim_match(auth_token_doc_value_t claim,
    const auth_token_requirement_t *req)
{
    if (claim.type != AUTH_TOKEN_DOC_STRING || req->match == NULL) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    switch (req->match(req->data, claim.bytes)) {

    case 1:
        return AUTH_TOKEN_TRUTH_TRUE;

    case 0:
        return AUTH_TOKEN_TRUTH_FALSE;

    default:
        return AUTH_TOKEN_TRUTH_ERROR;
    }
}


static auth_token_truth_e
auth_token_claim_or(auth_token_truth_e a, auth_token_truth_e b)
{
    if (a == AUTH_TOKEN_TRUTH_TRUE || b == AUTH_TOKEN_TRUTH_TRUE) {
        return AUTH_TOKEN_TRUTH_TRUE;
    }

    return (a < b) ? a : b;
}


static auth_token_truth_e
auth_token_claim_truth(int cond)
{
    return cond ? AUTH_TOKEN_TRUTH_TRUE : AUTH_TOKEN_TRUTH_FALSE;
}


/* "order" is that of claim and value, as of strcmp(); -1 unless both are
   numbers */

static int
auth_token_claim_compare(auth_token_doc_value_t claim, auth_token_str_t value,
    int *order)
{
    auth_token_number_t  n;

    if (auth_token_claim_number(value, &n) != 0) {
        return -1;
    }

    if (claim.type == AUTH_TOKEN_DOC_INTEGER) {
        *order = n.is_real
                 ? auth_token_claim_compare_mixed(claim.integer, n.real)
                 : (claim.integer > n.integer) - (claim.integer < n.integer);
        return 0;
    }

    if (claim.type == AUTH_TOKEN_DOC_REAL) {
        *order = n.is_real
                 ? (claim.real > n.real) - (claim.real < n.real)
                 : -auth_token_claim_compare_mixed(n.integer, claim.real);
        return 0;
    }

    return -1;
}


/* exact: an integer over 2^53 as a double would equal its neighbours */

static int
auth_token_claim_compare_mixed(int64_t integer, double real)
{
    double   part;
    int64_t  whole;

    if (real >= 0x1p63) {
        return -1;
    }

    if (real < -0x1p63) {
        return 1;
    }

    whole = (int64_t) real;

    if (integer != whole) {
        return (integer < whole) ? -1 : 1;
    }

    part = real - (double) whole;

    return (part < 0) - (part > 0);
}


/*
 * A number as JSON writes it.  strtod() knows the point of the locale only:
 * in a foreign one a fraction is an error, hence a denial.
 */

static int
auth_token_claim_number(auth_token_str_t text, auth_token_number_t *number)
{
    int    whole;
    char  *end, copy[AUTH_TOKEN_CLAIM_NUMBER_SIZE];

    if (text.len == 0 || text.len >= sizeof(copy)) {
        return -1;
    }

    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';

    if (strlen(copy) != text.len
        || !auth_token_claim_is_number(copy, &whole))
    {
        return -1;
    }

    number->real = 0;
    number->is_real = 0;

    if (whole && auth_token_claim_integer(copy, &number->integer) == 0) {
        return 0;
    }

    number->integer = 0;
    number->is_real = 1;
    number->real = strtod(copy, &end);

    return (*end == '\0' && isfinite(number->real)) ? 0 : -1;
}


/* of checked text; gathered as negative, so that INT64_MIN fits */

static int
auth_token_claim_integer(const char *text, int64_t *value)
{
    int          digit;
    int64_t      n;
    const char  *p;

    n = 0;

    for (p = (*text == '-') ? text + 1 : text; *p != '\0'; p++) {
        digit = *p - '0';

        if (n < (INT64_MIN + digit) / 10) {
            return -1;
        }

        n = n * 10 - digit;
    }

    if (*text != '-') {

        if (n == INT64_MIN) {
            return -1;
        }

        n = -n;
    }

    *value = n;

    return 0;
}


/* RFC 8259, 6 */

static int
auth_token_claim_is_number(const char *p, int *whole)
{
    *whole = 1;

    if (*p == '-') {
        p++;
    }

    if (p[0] == '0' && p[1] >= '0' && p[1] <= '9') {
        return 0;
    }

    p = auth_token_claim_digits(p);

    if (p != NULL && *p == '.') {
        *whole = 0;
        p = auth_token_claim_digits(p + 1);
    }

    if (p != NULL && (*p == 'e' || *p == 'E')) {
        *whole = 0;
        p++;

        if (*p == '+' || *p == '-') {
            p++;
        }

        p = auth_token_claim_digits(p);
    }

    return p != NULL && *p == '\0';
}


/* past the digits, of which there must be one; else NULL */

static const char *
auth_token_claim_digits(const char *p)
{
    if (*p < '0' || *p > '9') {
        return NULL;
    }

    while (*p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}
