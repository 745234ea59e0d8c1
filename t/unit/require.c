/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A token that nearly has what is required: the scope that starts alike, the
 * audience that is absent, the error that a negation would turn into a pass,
 * the variable that turns out empty.  Policies and claims have tests of their
 * own.
 */


#include "../../ngx_module/core/auth_token_require.c"

#include "tap.h"
#include "text_doc.h"


#define NOW           1000000

#define MET           AUTH_TOKEN_REQUIRE_MET
#define INSUFFICIENT  AUTH_TOKEN_REQUIRE_INSUFFICIENT
#define FOREIGN       AUTH_TOKEN_REQUIRE_FOREIGN


typedef struct {
    const char                 *doc;
    auth_token_require_kind_e   kind;
    const char                 *value;
    int                         negate;
    auth_token_require_e        want;
} require_case_t;


#define SCOPE    AUTH_TOKEN_REQUIRE_SCOPE
#define ANY      AUTH_TOKEN_REQUIRE_SCOPE_ANY
#define AUD      AUTH_TOKEN_REQUIRE_AUDIENCE
#define ISS      AUTH_TOKEN_REQUIRE_ISSUER
#define AGE      AUTH_TOKEN_REQUIRE_MAX_AGE


static const require_case_t  cases[] = {
    { "{'scope':'a b c'}", SCOPE, "a", 0, MET },
    { "{'scope':'a b c'}", SCOPE, "c a", 0, MET },
    { "{'scope':'a b c'}", SCOPE, "a d", 0, INSUFFICIENT },
    { "{'scope':'a b c'}", SCOPE, "d a", 0, INSUFFICIENT },
    { "{'scope':'read:all'}", SCOPE, "read", 0, INSUFFICIENT },
    { "{'scope':'read'}", SCOPE, "read:all", 0, INSUFFICIENT },
    { "{'scope':'xread'}", SCOPE, "read", 0, INSUFFICIENT },
    { "{'scope':'Read'}", SCOPE, "read", 0, INSUFFICIENT },
    { "{'scope':'a\tb'}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':'a,b'}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':' a  b '}", SCOPE, "a b", 0, MET },
    { "{'scope':''}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, "", 0, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, "a ", 0, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, " a", 0, INSUFFICIENT },
    { "{'scope':'a  b'}", SCOPE, "a  b", 0, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, " ", 0, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, " ", 1, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, "a ", 1, INSUFFICIENT },

    { "{'scope':'a b c'}", ANY, "x c", 0, MET },
    { "{'scope':'a b c'}", ANY, "a x", 0, MET },
    { "{'scope':'a b c'}", ANY, "x y", 0, INSUFFICIENT },
    { "{'scope':'a b c'}", ANY, "a  x", 0, INSUFFICIENT },
    { "{'scope':'a b c'}", ANY, "", 0, INSUFFICIENT },

    { "{'scopes':['a','b']}", SCOPE, "b a", 0, MET },
    { "{'scopes':['a b']}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scopes':['a',1]}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scopes':['a',1]}", SCOPE, "x", 1, INSUFFICIENT },
    { "{'scopes':[]}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scopes':{'a':true}}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':['a']}", SCOPE, "a", 0, MET },
    { "{'scopes':'a b'}", SCOPE, "b", 0, MET },
    { "{'scope':'b','scopes':['a']}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':null,'scopes':['a']}", SCOPE, "a", 0, INSUFFICIENT },
    { "{'scope':true}", SCOPE, "true", 0, INSUFFICIENT },

    { "{'scope':'a b'}", SCOPE, "a", 1, INSUFFICIENT },
    { "{'scope':'a b'}", SCOPE, "x", 1, MET },
    { "{'scope':'a b'}", ANY, "x a", 1, INSUFFICIENT },
    { "{'scope':'a b'}", ANY, "x y", 1, MET },
    { "{}", SCOPE, "a", 0, INSUFFICIENT },
    { "{}", SCOPE, "a", 1, INSUFFICIENT },
    { "{'scope':5}", SCOPE, "a", 1, INSUFFICIENT },

    { "{'aud':'me'}", AUD, "me", 0, MET },
    { "{'aud':'me'}", AUD, "you", 0, FOREIGN },
    { "{'aud':'me you'}", AUD, "me", 0, FOREIGN },
    { "{'aud':'ME'}", AUD, "me", 0, FOREIGN },
    { "{'aud':['you','me']}", AUD, "me", 0, MET },
    { "{'aud':['me','you']}", AUD, "me", 0, MET },
    { "{'aud':['you']}", AUD, "me", 0, FOREIGN },
    { "{'aud':['me',null]}", AUD, "me", 0, FOREIGN },
    { "{'aud':[]}", AUD, "me", 0, FOREIGN },
    { "{'aud':''}", AUD, "", 0, FOREIGN },
    { "{'aud':['']}", AUD, "", 0, FOREIGN },
    { "{'aud':null}", AUD, "me", 0, FOREIGN },
    { "{'aud':{'me':1}}", AUD, "me", 0, FOREIGN },
    { "{}", AUD, "me", 0, FOREIGN },
    { "{}", AUD, "me", 1, FOREIGN },
    { "{'aud':7}", AUD, "me", 1, FOREIGN },
    { "{'aud':'you'}", AUD, "me", 1, MET },
    { "{'aud':'me'}", AUD, "me", 1, FOREIGN },

    { "{'iss':'https://a'}", ISS, "https://a", 0, MET },
    { "{'iss':'https://a'}", ISS, "https://a/", 0, FOREIGN },
    { "{'iss':['https://a']}", ISS, "https://a", 0, FOREIGN },
    { "{'iss':''}", ISS, "", 0, FOREIGN },
    { "{}", ISS, "https://a", 0, FOREIGN },
    { "{}", ISS, "https://a", 1, FOREIGN },
    { "{'iss':'https://b'}", ISS, "https://a", 1, MET },

    { "{'auth_time':999900}", AGE, "100", 0, MET },
    { "{'auth_time':999899}", AGE, "100", 0, INSUFFICIENT },
    { "{}", AGE, "100", 0, INSUFFICIENT },
    { "{}", AGE, "100", 1, INSUFFICIENT },

    { "{'policies':[]}", AUTH_TOKEN_REQUIRE_PERMISSION, "x", 0,
      INSUFFICIENT },
    { "{'policies':[{'effect':'allow','permission_groups':[{'id':'x'}],"
      "'resources':{'r':'*'}}]}", AUTH_TOKEN_REQUIRE_PERMISSION, "x", 0,
      MET },
    { "{}", AUTH_TOKEN_REQUIRE_PERMISSION, "x", 1, INSUFFICIENT },

    { "{'scope':'a'}", (auth_token_require_kind_e) 99, "a", 0,
      INSUFFICIENT },
    { "{'scope':'a'}", (auth_token_require_kind_e) 99, "a", 1,
      INSUFFICIENT }
};


static auth_token_requirement_t
require_of(auth_token_require_kind_e kind, const char *value, int negate)
{
    auth_token_requirement_t  req;

    memset(&req, 0, sizeof(req));

    req.kind = kind;
    req.negate = negate ? 1 : 0;
    req.value = text_str(value);
    req.any_resource = 1;
    req.any_parent = 1;

    return req;
}


static void
test_cases(void)
{
    size_t                      i;
    auth_token_buf_t            b;
    const require_case_t       *c;
    const auth_token_record_t  *r;
    auth_token_requirement_t    req;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        c = &cases[i];

        r = text_record(&b, c->doc);
        req = require_of(c->kind, c->value, c->negate);

        if (!ok(auth_token_require_eval(&req, &r, 1, NOW) == c->want,
                "%s: %s%d \"%s\" is %d", c->doc, c->negate ? "not " : "",
                c->kind, c->value, c->want))
        {
            printf("# got: %d\n",
                   auth_token_require_eval(&req, &r, 1, NOW));
        }

        auth_token_buf_free(&b);
    }
}


/* a claim over two records; the later one that has it counts */

static void
is_claim(const char *first, const char *second, auth_token_require_op_e op,
    const char *value, int negate, auth_token_require_e want)
{
    auth_token_buf_t            b[2];
    const auth_token_record_t  *r[2];
    auth_token_requirement_t    req;

    r[0] = text_record(&b[0], first);
    r[1] = text_record(&b[1], second);

    req = require_of(AUTH_TOKEN_REQUIRE_CLAIM, value, negate);
    req.op = op;
    req.pointer = text_str("/x/y");

    ok(auth_token_require_eval(&req, r, 2, NOW) == want,
       "%s, then %s: %s\"%s\" is %d", first, second, negate ? "not " : "",
       value, want);

    auth_token_buf_free(&b[0]);
    auth_token_buf_free(&b[1]);
}


static void
test_several(void)
{
    const auth_token_require_op_e  eq = AUTH_TOKEN_REQUIRE_EQ;
    const auth_token_require_op_e  present = AUTH_TOKEN_REQUIRE_PRESENT;

    auth_token_buf_t            b[2];
    const auth_token_record_t  *r[2];
    auth_token_requirement_t    req;

    is_claim("{'x':{'y':'1'}}", "{'x':{'y':'2'}}", eq, "2", 0, MET);
    is_claim("{'x':{'y':'1'}}", "{'x':{'y':'2'}}", eq, "1", 0, INSUFFICIENT);
    is_claim("{'x':{'y':'1'}}", "{'x':{}}", eq, "1", 0, MET);
    is_claim("{'x':{'y':'1'}}", "{}", eq, "1", 0, MET);
    is_claim("{}", "{'x':{'y':'2'}}", eq, "2", 0, MET);
    is_claim("{'x':{'y':'1'}}", "{'x':{'y':null}}", eq, "1", 0,
             INSUFFICIENT);
    is_claim("{'x':{'y':'1'}}", "{'x':{'y':null}}", eq, "1", 1,
             INSUFFICIENT);
    is_claim("{}", "{}", eq, "1", 0, INSUFFICIENT);
    is_claim("{}", "{}", eq, "1", 1, INSUFFICIENT);
    is_claim("{}", "{}", present, "", 0, INSUFFICIENT);
    is_claim("{}", "{}", present, "", 1, MET);
    is_claim("{'x':{'y':0}}", "{}", present, "", 0, MET);
    is_claim("{'x':{'y':0}}", "{}", present, "", 1, INSUFFICIENT);

    r[0] = text_record(&b[0], "{'scope':'a'}");
    r[1] = text_record(&b[1], "{'scopes':['b']}");
    req = require_of(SCOPE, "b", 0);
    is_int(auth_token_require_eval(&req, r, 2, NOW), MET,
           "scopes of the later record");
    req = require_of(SCOPE, "a", 0);
    is_int(auth_token_require_eval(&req, r, 2, NOW), INSUFFICIENT,
           "are not joined with those of the first");
    auth_token_buf_free(&b[1]);

    r[1] = text_record(&b[1], "{'id':'x'}");
    is_int(auth_token_require_eval(&req, r, 2, NOW), MET,
           "scopes of the first, if the later one has none");

    auth_token_buf_free(&b[0]);
    auth_token_buf_free(&b[1]);
}


/* a requirement that nothing could fail is not met by what is unreadable */

static void
test_unreadable(void)
{
    auth_token_buf_t            b;
    auth_token_record_t        *copy;
    const auth_token_record_t  *r[2];
    auth_token_requirement_t    req;

    req = require_of(AUTH_TOKEN_REQUIRE_CLAIM, "", 1);
    req.op = AUTH_TOKEN_REQUIRE_PRESENT;
    req.pointer = text_str("/none");

    r[0] = text_record(&b, "{}");
    is_int(auth_token_require_eval(&req, r, 1, NOW), MET,
           "an absent claim is not present");

    is_int(auth_token_require_eval(&req, r, 0, NOW), INSUFFICIENT,
           "but not without a record");
    is_int(auth_token_require_eval(&req, NULL, 0, NOW), INSUFFICIENT,
           "or without any");

    r[1] = NULL;
    is_int(auth_token_require_eval(&req, r, 2, NOW), INSUFFICIENT,
           "or with one missing");

    copy = (auth_token_record_t *) (void *) b.data;
    copy->magic++;
    is_int(auth_token_require_eval(&req, r, 1, NOW), INSUFFICIENT,
           "or of another layout");
    auth_token_buf_free(&b);

    r[0] = text_record(&b, "[]");
    is_int(auth_token_require_eval(&req, r, 1, NOW), INSUFFICIENT,
           "or that is no object");
    auth_token_buf_free(&b);

    is_int(INSUFFICIENT, 0, "a result nobody set is no pass");
}


/* a list that ends in damage: what was read of it is not the whole */

static void
test_damage(void)
{
    auth_token_doc_value_t  list;

    static unsigned char  members[] = { 0x82, 'm', 'e', 0x85, 'x' };

    memset(&list, 0, sizeof(list));
    list.type = AUTH_TOKEN_DOC_ARRAY;
    list.bytes.data = members;
    list.bytes.len = sizeof(members);

    is_int(auth_token_require_listed(list, text_str("me")),
           AUTH_TOKEN_TRUTH_ERROR, "a damaged list");

    list.bytes.len = 3;
    is_int(auth_token_require_listed(list, text_str("me")),
           AUTH_TOKEN_TRUTH_TRUE, "the whole part of it");
}


int
main(void)
{
    test_cases();
    test_several();
    test_unreadable();
    test_damage();

    return done();
}
