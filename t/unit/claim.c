/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A comparison that holds where it must not: text against numbers, numbers
 * beyond what a double can tell apart, an error taken for "no", which a
 * negation would turn into "yes".
 */


#include <stdlib.h>

static double claim_strtod(const char *text, char **end);

#define strtod  claim_strtod

#include "../../ngx_module/core/auth_token_claim.c"

#undef strtod

#include "tap.h"
#include "text_doc.h"


#define YES       AUTH_TOKEN_TRUTH_TRUE
#define NO        AUTH_TOKEN_TRUTH_FALSE
#define BAD       AUTH_TOKEN_TRUTH_ERROR

#define PRESENT   AUTH_TOKEN_REQUIRE_PRESENT
#define EQ        AUTH_TOKEN_REQUIRE_EQ
#define CONTAINS  AUTH_TOKEN_REQUIRE_CONTAINS
#define GT        AUTH_TOKEN_REQUIRE_GT
#define LT        AUTH_TOKEN_REQUIRE_LT
#define GE        AUTH_TOKEN_REQUIRE_GE
#define LE        AUTH_TOKEN_REQUIRE_LE


typedef struct {
    const char               *claim;   /* NULL: absent */
    auth_token_require_op_e   op;
    const char               *value;
    auth_token_truth_e        want;
} claim_case_t;


static const claim_case_t  cases[] = {
    { "'x'", PRESENT, "", YES },
    { "''", PRESENT, "", YES },
    { "0", PRESENT, "", YES },
    { "false", PRESENT, "", YES },
    { "[]", PRESENT, "", YES },
    { "null", PRESENT, "", NO },
    { NULL, PRESENT, "", NO },

    { "'gold'", EQ, "gold", YES },
    { "'gold'", EQ, "Gold", NO },
    { "'gold'", EQ, "gol", NO },
    { "'gold'", EQ, "golden", NO },
    { "''", EQ, "", BAD },
    { "'x'", EQ, "", BAD },
    { "'5'", EQ, "5", YES },
    { "'5'", EQ, "5.0", NO },
    { "5", EQ, "5", YES },
    { "5", EQ, "5.0", YES },
    { "5", EQ, "6", NO },
    { "5", EQ, "five", BAD },
    { "5", EQ, "05", BAD },
    { "9", EQ, "09", BAD },
    { "0", EQ, "00", BAD },
    { "5", EQ, "+5", BAD },
    { "5", EQ, " 5", BAD },
    { "5", EQ, "5 ", BAD },
    { "5", EQ, "0x5", BAD },
    { "5", EQ, "5.", BAD },
    { "5", EQ, ".5", BAD },
    { "5", EQ, "-", BAD },
    { "5", EQ, "5e", BAD },
    { "5", EQ, "5e+", BAD },
    { "5", EQ, "5e0", YES },
    { "5", EQ, "50E-1", YES },
    { "5", EQ, "0.5e+1", YES },
    { "5", EQ, "inf", BAD },
    { "5", EQ, "nan", BAD },
    { "5", EQ, "1e999", BAD },
    { "5", EQ, "5.e1", BAD },
    { "5", EQ, "", BAD },
    { "0", EQ, "-0", YES },
    { "0", EQ, "0", YES },
    { "0", EQ, "-0.0", YES },
    { "-5", EQ, "-5", YES },
    { "1.5", EQ, "1.5", YES },
    { "1.5", EQ, "15e-1", YES },
    { "1.5", EQ, "1", NO },
    { "2.0", EQ, "2", YES },
    { "true", EQ, "true", YES },
    { "true", EQ, "false", NO },
    { "false", EQ, "false", YES },
    { "false", EQ, "true", NO },
    { "true", EQ, "1", BAD },
    { "false", EQ, "0", BAD },
    { "null", EQ, "null", BAD },
    { "['x']", EQ, "x", BAD },
    { "{'x':1}", EQ, "x", BAD },
    { NULL, EQ, "x", BAD },

    { "['a','b']", CONTAINS, "b", YES },
    { "['a','b']", CONTAINS, "c", NO },
    { "['a','bc']", CONTAINS, "b", NO },
    { "[]", CONTAINS, "a", NO },
    { "['']", CONTAINS, "", BAD },
    { "[1,2]", CONTAINS, "2", YES },
    { "[1,2]", CONTAINS, "3", NO },
    { "[1,2]", CONTAINS, "x", BAD },
    { "['a',{'b':1}]", CONTAINS, "a", YES },
    { "[{'b':1},'a']", CONTAINS, "a", YES },
    { "['a',{'b':1}]", CONTAINS, "b", BAD },
    { "[null,'a']", CONTAINS, "b", BAD },
    { "[['a']]", CONTAINS, "a", BAD },
    { "'abc'", CONTAINS, "b", BAD },
    { "{'a':1}", CONTAINS, "a", BAD },
    { NULL, CONTAINS, "a", BAD },

    { "5", GT, "4", YES },
    { "5", GT, "5", NO },
    { "5", GT, "6", NO },
    { "5", GE, "5", YES },
    { "5", GE, "6", NO },
    { "5", LT, "6", YES },
    { "5", LT, "5", NO },
    { "5", LT, "4", NO },
    { "5", LE, "5", YES },
    { "5", LE, "4", NO },
    { "-5", LT, "-4", YES },
    { "-5", GT, "-4", NO },
    { "5", GT, "4.9", YES },
    { "5", GT, "5.1", NO },
    { "5", LT, "5.1", YES },
    { "-5", GT, "-5.1", YES },
    { "-5", LT, "-4.9", YES },
    { "4.9", LT, "5", YES },
    { "5.1", GT, "5", YES },
    { "-5.1", LT, "-5", YES },
    { "5.0", LE, "5", YES },
    { "1.5", GT, "1.25", YES },
    { "1.5", LT, "1.25", NO },
    { "1.5", LE, "1.5", YES },
    { "'5'", GT, "4", BAD },
    { "true", GT, "0", BAD },
    { "null", LT, "1", BAD },
    { NULL, LT, "1", BAD },
    { "5", GT, "", BAD },
    { "5", GT, "x", BAD },

    /* where doubles no longer tell integers apart */

    { "9007199254740993", EQ, "9007199254740992", NO },
    { "9007199254740993", GT, "9007199254740992.0", YES },
    { "9007199254740993", EQ, "9007199254740992.0", NO },
    { "9223372036854775807", EQ, "9223372036854775807", YES },
    { "9223372036854775807", LT, "9223372036854775808", YES },
    { "9223372036854775807", LT, "92233720368547758070", YES },
    { "-9223372036854775808", EQ, "-9223372036854775808", YES },
    { "-9223372036854775808", EQ, "-9223372036854775808.0", YES },
    { "-9223372036854775808", GT, "-9223372036854775809000", YES },
    { "9223372036854775807", GT, "-1e300", YES },
    { "-9223372036854775808", LT, "1e300", YES },
    { "1e300", GT, "9223372036854775807", YES },
    { "-1e300", LT, "-9223372036854775808", YES },
    { "9223372036854775808.0", EQ, "9223372036854775808", YES },

    { "'x'", (auth_token_require_op_e) 99, "x", BAD },
    { "'x'", AUTH_TOKEN_REQUIRE_MATCH, "x", BAD }
};


static int  claim_foreign;


/* reads a number as in a locale whose point is a comma, if told so */

static double
claim_strtod(const char *text, char **end)
{
    char  *p, copy[AUTH_TOKEN_CLAIM_NUMBER_SIZE];

    if (!claim_foreign) {
        return strtod(text, end);
    }

    snprintf(copy, sizeof(copy), "%.*s", (int) strcspn(text, "."), text);

    (void) strtod(copy, &p);
    *end = (char *) text + (p - copy);

    return strtod(copy, NULL);
}


static auth_token_doc_value_t
claim_value(auth_token_buf_t *b, const char *text)
{
    auth_token_buf_init(b, 4096);

    if (text != NULL) {
        text_doc(b, text);
    }

    return auth_token_doc_root(auth_token_buf_str(b));
}


static void
test_cases(void)
{
    size_t                    i;
    auth_token_buf_t          b;
    const claim_case_t       *c;
    auth_token_truth_e        got;
    auth_token_requirement_t  req;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];

        memset(&req, 0, sizeof(req));
        req.op = c->op;
        req.value = text_str(c->value);

        got = auth_token_claim_eval(claim_value(&b, c->claim), &req);

        if (!ok(got == c->want, "%s %d \"%s\"",
                c->claim ? c->claim : "absent", c->op, c->value))
        {
            printf("#      got: %d\n# expected: %d\n", got, c->want);
        }

        auth_token_buf_free(&b);
    }
}


static void
is_one_of(const char *claim, const char *const *values, size_t n,
    auth_token_truth_e want)
{
    size_t                    i;
    auth_token_buf_t          b;
    auth_token_str_t         *list;
    auth_token_requirement_t  req;

    /* exactly as long as it is, for the sanitizer to see */

    list = malloc(n != 0 ? n * sizeof(auth_token_str_t) : 1);

    for (i = 0; i < n; i++) {
        list[i] = text_str(values[i]);
    }

    memset(&req, 0, sizeof(req));
    req.op = AUTH_TOKEN_REQUIRE_ONE_OF;
    req.values = list;
    req.nvalues = n;

    is_int(auth_token_claim_eval(claim_value(&b, claim), &req), want, claim);

    free(list);
    auth_token_buf_free(&b);
}


static void
test_one_of(void)
{
    static const char *const  words[] = { "gold", "silver blue", "5" };
    static const char *const  numbers[] = { "1", "2" };
    static const char *const  empty[] = { "", "gold" };

    is_one_of("'gold'", words, 3, YES);
    is_one_of("'silver blue'", words, 3, YES);
    is_one_of("'silver'", words, 3, NO);
    is_one_of("'gold'", words, 0, BAD);
    is_one_of("5", words, 3, YES);
    is_one_of("6", words, 3, BAD);
    is_one_of("2", numbers, 2, YES);
    is_one_of("3", numbers, 2, NO);
    is_one_of("['gold']", words, 3, BAD);
    is_one_of("null", words, 3, BAD);
    is_one_of("''", empty, 2, BAD);
    is_one_of("'gold'", empty, 2, YES);
    is_one_of("'x'", empty, 2, BAD);
}


static int
claim_matcher(void *data, auth_token_str_t text)
{
    (*(int *) data)++;

    if (auth_token_str_eq_lit(&text, "error")) {
        return -1;
    }

    return auth_token_str_eq_lit(&text, "match");
}


static void
test_match(void)
{
    size_t                    i;
    int                       calls;
    auth_token_buf_t          b;
    auth_token_requirement_t  req;

    static const struct {
        const char          *claim;
        auth_token_truth_e   want;
    } matches[] = {
        { "'match'", YES }, { "'none'", NO }, { "'error'", BAD },
        { "5", BAD }, { "null", BAD }, { "['match']", BAD }
    };

    calls = 0;

    memset(&req, 0, sizeof(req));
    req.op = AUTH_TOKEN_REQUIRE_MATCH;
    req.match = claim_matcher;
    req.data = &calls;

    for (i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        is_int(auth_token_claim_eval(claim_value(&b, matches[i].claim), &req),
               matches[i].want, matches[i].claim);
        auth_token_buf_free(&b);
    }

    is_int(calls, 3, "only strings are matched");
}


static void
is_age(const char *claim, const char *seconds, int64_t now,
    auth_token_truth_e want)
{
    auth_token_buf_t  b;

    ok(auth_token_claim_age(claim_value(&b, claim), text_str(seconds), now)
       == want, "%s within %s of %lld is %d", claim ? claim : "absent",
       seconds, (long long) now, want);

    auth_token_buf_free(&b);
}


static void
test_age(void)
{
    is_age("900", "100", 1000, YES);
    is_age("899", "100", 1000, NO);
    is_age("1000", "0", 1000, YES);
    is_age("999", "0", 1000, NO);
    is_age("0", "0", 0, YES);
    is_age("900.0", "100", 1000, YES);
    is_age("899.9", "100", 1000, NO);
    is_age("900.9", "100", 1000, YES);
    is_age("1100", "100", 1000, YES);
    is_age("1101", "100", 1000, NO);
    is_age("0", "9223372036854775807", INT64_MAX, YES);

    /* milliseconds for seconds must not be a login that never ages */

    is_age("1700000000000", "3600", 1700000000, BAD);
    is_age("170000000000", "3600", 1700000000, NO);

    is_age("-1", "100", 0, BAD);
    is_age("'900'", "100", 1000, BAD);
    is_age("null", "100", 1000, BAD);
    is_age(NULL, "100", 1000, BAD);
    is_age("900", "", 1000, BAD);
    is_age("900", "-1", 1000, BAD);
    is_age("900", "100.5", 1000, BAD);
    is_age("900", "x", 1000, BAD);
    is_age("0", "100", -1, BAD);
}


static void
test_odd(void)
{
    char                      text[80];
    auth_token_buf_t          b;
    auth_token_str_t          value;
    auth_token_doc_value_t    list;
    auth_token_requirement_t  req;

    static unsigned char  members[] = { 0x81, 'a', 0x85, 'x' };

    memset(&req, 0, sizeof(req));
    req.op = EQ;

    value.data = (unsigned char *) "5\0" "5";
    value.len = 3;
    req.value = value;
    is_int(auth_token_claim_eval(claim_value(&b, "5"), &req), BAD,
           "a number does not end at a NUL");
    auth_token_buf_free(&b);

    memset(text, '0', sizeof(text));
    memcpy(text, "5.", 2);
    req.value.data = (unsigned char *) text;

    req.value.len = 63;
    is_int(auth_token_claim_eval(claim_value(&b, "5"), &req), YES,
           "a long number");
    auth_token_buf_free(&b);

    req.value.len = 64;
    is_int(auth_token_claim_eval(claim_value(&b, "5"), &req), BAD,
           "one too long");
    auth_token_buf_free(&b);

    claim_foreign = 1;
    req.value = text_str("5.0");
    is_int(auth_token_claim_eval(claim_value(&b, "5"), &req), BAD,
           "a foreign locale denies");
    auth_token_buf_free(&b);
    claim_foreign = 0;

    memset(&list, 0, sizeof(list));
    list.type = AUTH_TOKEN_DOC_ARRAY;
    list.bytes.data = members;
    list.bytes.len = sizeof(members);
    req.op = CONTAINS;
    req.value = text_str("a");

    is_int(auth_token_claim_eval(list, &req), BAD, "a damaged array");
}


int
main(void)
{
    test_cases();
    test_one_of();
    test_match();
    test_age();
    test_odd();

    return done();
}
