/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A policy that grants more than it says: a wildcard that reaches another
 * type of resource, a deny that is overlooked, a zone of another account, a
 * policy half understood.
 */


#include "../../ngx_module/core/auth_token_policy.c"

#include "tap.h"
#include "text_doc.h"


#define ACC   "com.cloudflare.api.account."
#define ZONE  "com.cloudflare.api.account.zone."

/* one policy: effect, permission groups, resources */

#define POLICY(effect, groups, resources)                                     \
    "{'effect':'" effect "','permission_groups':[" groups "],"                \
    "'resources':{" resources "}}"

#define READ    "{'id':'g1','name':'Zone Read'}"
#define WRITE   "{'id':'g2','name':'Zone Write','meta':{'k':1}}"
#define ALL     "'" ZONE "*':'*'"
#define Z1      "'" ZONE "z1':'*'"


typedef struct {
    const char          *policies;
    const char          *permission;
    const char          *resource;     /* NULL: any */
    const char          *parent;       /* NULL: any */
    auth_token_truth_e   want;
} policy_case_t;


#define YES  AUTH_TOKEN_TRUTH_TRUE
#define NO   AUTH_TOKEN_TRUTH_FALSE
#define BAD  AUTH_TOKEN_TRUTH_ERROR


static const policy_case_t  groups[] = {
    { "[]", "Zone Read", NULL, NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "Zone Read", NULL, NULL, YES },
    { "[" POLICY("allow", READ, ALL) "]", "g1", NULL, NULL, YES },
    { "[" POLICY("allow", READ, ALL) "]", "Zone Write", NULL, NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "zone read", NULL, NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "Zone", NULL, NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "Zone Read ", NULL, NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "", NULL, NULL, BAD },
    { "[" POLICY("allow", READ "," WRITE, ALL) "]", "g2", NULL, NULL, YES },
    { "[" POLICY("allow", "{'id':'g3'}", ALL) "]", "g3", NULL, NULL, YES },
    { "[" POLICY("allow", "{'id':'g3'}", ALL) "]", "x", NULL, NULL, NO },
    { "[" POLICY("allow", "{'id':'g3','name':null}", ALL) "]", "x", NULL,
      NULL, NO },
    { "[" POLICY("allow", "", ALL) "]", "g1", NULL, NULL, NO },
    { "[" POLICY("allow", READ, "") "]", "g1", NULL, NULL, NO },
    { "[" POLICY("allow", READ, "'" ACC "a1':{}") "]", "g1", NULL, NULL,
      NO },

    /* the first allows, the second denies, in either order */

    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, ALL) "]", "g1",
      NULL, NULL, NO },
    { "[" POLICY("deny", READ, ALL) "," POLICY("allow", READ, ALL) "]", "g1",
      NULL, NULL, NO },
    { "[" POLICY("deny", READ, ALL) "," POLICY("allow", WRITE, ALL) "]",
      "g2", NULL, NULL, YES },
    { "[" POLICY("deny", READ, "") "," POLICY("allow", READ, ALL) "]", "g1",
      NULL, NULL, NO },
    { "[" POLICY("deny", READ, ALL) "]", "g1", NULL, NULL, NO },
    { "[" POLICY("deny", READ, "'" ZONE "z9':'*'") ","
      POLICY("allow", READ, ALL) "]", "g1", NULL, NULL, NO }
};


static const policy_case_t  resources[] = {
    { "[" POLICY("allow", READ, ALL) "]", "g1", ZONE "z1", NULL, YES },
    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "z1", NULL, YES },
    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "z2", NULL, NO },
    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "z11", NULL, NO },
    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "z", NULL, NO },
    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "*", NULL, NO },
    { "[" POLICY("allow", READ, Z1) "]", "g1", "", NULL, BAD },
    { "[" POLICY("allow", READ, "'':'*'") "]", "g1", "", NULL, BAD },
    { "[" POLICY("allow", READ, ALL) "]", "g1", ZONE "", NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "g1", ZONE "a.b", NULL, NO },
    { "[" POLICY("allow", READ, ALL) "]", "g1", ZONE "*", NULL, YES },
    { "[" POLICY("allow", READ, Z1 ",'" ZONE "z2':'*'") "]", "g1", ZONE "z2",
      NULL, YES },

    /* the group of one policy and the resource of another */

    { "[" POLICY("allow", READ, Z1) ","
      POLICY("allow", WRITE, "'" ZONE "z2':'*'") "]", "g1", ZONE "z2", NULL,
      NO },

    /* every account is no zone, and a "*" elsewhere is no wildcard */

    { "[" POLICY("allow", READ, "'" ACC "*':'*'") "]", "g1", ACC "a1", NULL,
      YES },
    { "[" POLICY("allow", READ, "'" ACC "*':'*'") "]", "g1", ZONE "z1", NULL,
      NO },
    { "[" POLICY("allow", READ, "'*':'*'") "]", "g1", ZONE "z1", NULL, NO },
    { "[" POLICY("allow", READ, "'*':'*'") "]", "g1", "z1", NULL, NO },
    { "[" POLICY("allow", READ, "'com.*.z1':'*'") "]", "g1", "com.x.z1", NULL,
      NO },
    { "[" POLICY("allow", READ, "'" ZONE "z*':'*'") "]", "g1", ZONE "z1",
      NULL, NO },
    { "[" POLICY("allow", READ, "'.*':'*'") "]", "g1", "x", NULL, NO },
    { "[" POLICY("allow", READ, "'.*':'*'") "]", "g1", ".x", NULL, YES },

    /* denies reach further */

    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, Z1) "]", "g1",
      ZONE "z1", NULL, NO },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, Z1) "]", "g1",
      ZONE "z2", NULL, YES },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, Z1) "]", "g1",
      ZONE "*", NULL, NO },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ACC "*':'*'") "]", "g1", ZONE "z1", NULL, NO },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, "'*':'*'") "]",
      "g1", ZONE "z1", NULL, NO },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ZONE "z1*':'*'") "]", "g1", ZONE "z1", NULL,
      NO },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ZONE "z2*':'*'") "]", "g1", ZONE "z1", NULL,
      YES },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ZONE "z1-and-more*':'*'") "]", "g1",
      ZONE "z1", NULL, YES },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, "'':'*'") "]",
      "g1", ZONE "z1", NULL, YES },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", WRITE, Z1) "]", "g1",
      ZONE "z1", NULL, YES }
};


#define IN(acc, zones)  "'" ACC acc "':{" zones "}"

static const policy_case_t  nested[] = {
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", NULL, NULL, YES },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", ZONE "z1", NULL,
      YES },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", ZONE "z1",
      ACC "a1", YES },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", ZONE "z1",
      ACC "a2", NO },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", ZONE "z1", "",
      BAD },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", NULL, ACC "a1",
      BAD },
    { "[" POLICY("allow", READ, IN("*", ALL)) "]", "g1", ZONE "z1",
      ACC "a2", YES },
    { "[" POLICY("allow", READ, IN("a1", Z1)) "]", "g1", ZONE "z1", NULL,
      YES },
    { "[" POLICY("allow", READ, IN("a1", Z1)) "]", "g1", ZONE "z2", NULL,
      NO },
    { "[" POLICY("allow", READ, IN("a1", ALL)) "]", "g1", ACC "a1", NULL,
      NO },
    { "[" POLICY("allow", READ, IN("a1", Z1) "," IN("a2", ALL)) "]", "g1",
      ZONE "z2", ACC "a2", YES },
    { "[" POLICY("allow", READ, IN("a1", Z1) "," IN("a2", ALL)) "]", "g1",
      ZONE "z2", ACC "a1", NO },

    /* a resource that stands alone is in no account */

    { "[" POLICY("allow", READ, Z1) "]", "g1", ZONE "z1", ACC "a1", YES },
    { "[" POLICY("allow", READ, "'" ACC "a1':'*'") "]", "g1", ZONE "z1",
      ACC "a1", NO },

    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, IN("a1", ALL))
      "]", "g1", ZONE "z1", ACC "a1", NO },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, IN("a1", ALL))
      "]", "g1", ZONE "z1", ACC "a2", YES },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, IN("a1", ALL))
      "]", "g1", ZONE "z1", NULL, NO },
    { "[" POLICY("allow", READ, ALL) "," POLICY("deny", READ, IN("a1", Z1))
      "]", "g1", ZONE "z2", NULL, YES },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ACC "a1':'*'") "]", "g1", ZONE "z1", ACC "a1",
      NO },
    { "[" POLICY("allow", READ, ALL) ","
      POLICY("deny", READ, "'" ACC "a1':'*'") "]", "g1", ZONE "z1", ACC "a2",
      YES }
};


/* each of them beside a policy that allows: it must not count alone */

static const char  *not_understood[] = {
    "5",
    "null",
    "{}",
    "{'permission_groups':[],'resources':{}}",
    "{'effect':null,'permission_groups':[],'resources':{}}",
    "{'effect':true,'permission_groups':[],'resources':{}}",
    POLICY("Allow", "", ""),
    POLICY("", "", ""),
    POLICY("denied", "", ""),
    "{'effect':'allow','resources':{}}",
    "{'effect':'allow','permission_groups':null,'resources':{}}",
    "{'effect':'allow','permission_groups':{'id':'g1'},'resources':{}}",
    "{'effect':'allow','permission_groups':[]}",
    "{'effect':'allow','permission_groups':[],'resources':null}",
    "{'effect':'allow','permission_groups':[],'resources':['x']}",
    POLICY("allow", "5", ""),
    POLICY("allow", "'g1'", ""),
    POLICY("allow", "{'name':'Zone Read'}", ""),
    POLICY("allow", "{'id':7,'name':'x'}", ""),
    POLICY("allow", "{'id':'x','name':7}", ""),
    POLICY("deny", READ ",{'id':null}", ""),
    POLICY("allow", READ, "'r':null"),
    POLICY("allow", READ, "'r':true"),
    POLICY("allow", READ, "'r':['*']"),
    POLICY("allow", READ, "'r':''"),
    POLICY("allow", READ, "'r':'**'"),
    POLICY("allow", READ, "'r':'read'"),
    POLICY("allow", READ, "'r':{'s':{'t':'*'}}"),
    POLICY("allow", READ, "'r':{'s':'*','t':7}"),
    POLICY("deny", WRITE, "'r':{'s':'x'}")
};


static auth_token_truth_e
policy_eval(const policy_case_t *c)
{
    auth_token_buf_t          b;
    auth_token_truth_e        truth;
    auth_token_requirement_t  req;

    auth_token_buf_init(&b, 65536);
    text_doc(&b, c->policies);

    memset(&req, 0, sizeof(req));
    req.value = text_str(c->permission);
    req.any_resource = (c->resource == NULL);
    req.any_parent = (c->parent == NULL);

    if (c->resource != NULL) {
        req.resource = text_str(c->resource);
    }

    if (c->parent != NULL) {
        req.parent = text_str(c->parent);
    }

    truth = auth_token_policy_eval(
                auth_token_doc_root(auth_token_buf_str(&b)), &req);

    auth_token_buf_free(&b);

    return truth;
}


static void
test_cases(const policy_case_t *c, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (!ok(policy_eval(&c[i]) == c[i].want,
                "%s on %s in %s is %d", c[i].permission,
                c[i].resource ? c[i].resource : "anything",
                c[i].parent ? c[i].parent : "anything", c[i].want))
        {
            printf("# %s: %d\n", c[i].policies, policy_eval(&c[i]));
        }
    }
}


static void
test_not_understood(void)
{
    size_t         i, j;
    char           text[2048];
    policy_case_t  c;

    c.permission = "g1";
    c.resource = ZONE "z1";
    c.parent = NULL;
    c.want = BAD;
    c.policies = text;

    for (i = 0; i < sizeof(not_understood) / sizeof(not_understood[0]); i++) {
        for (j = 0; j < 2; j++) {
            snprintf(text, sizeof(text), "[%s%s%s,%s]",
                     j ? not_understood[i] : "", j ? "," : "",
                     POLICY("allow", READ, ALL),
                     j ? POLICY("allow", WRITE, ALL) : not_understood[i]);

            is_int(policy_eval(&c), BAD, text);
        }
    }

    c.policies = "{'effect':'allow'}";
    is_int(policy_eval(&c), BAD, "policies that are no array");
    c.policies = "null";
    is_int(policy_eval(&c), BAD, "policies that are null");
}


/* damage behind what allows: the deny may have been there */

static void
test_damage(void)
{
    int                       bad;
    size_t                    i, len, first;
    unsigned char             copy[1024];
    auth_token_buf_t          b;
    auth_token_doc_value_t    v;
    auth_token_requirement_t  req;

    auth_token_buf_init(&b, sizeof(copy));
    text_doc(&b, "[" POLICY("allow", READ, "'r':'*'," IN("a1", ALL)) ","
                 POLICY("deny", READ, Z1) "]");

    memset(&req, 0, sizeof(req));
    req.value = text_str("g1");
    req.resource = text_str(ZONE "z1");
    req.any_parent = 1;

    v = auth_token_doc_root(auth_token_buf_str(&b));
    is_int(auth_token_policy_eval(v, &req), NO, "a whole document denies");

    bad = 0;
    len = v.bytes.len;

    /* the size of the policy that allows: tag, length, members */

    first = 5 + v.bytes.data[1] + 256 * (size_t) v.bytes.data[2];

    for (i = 0; i < len; i++) {
        v.bytes.len = i;
        bad += (auth_token_policy_eval(v, &req) == YES) != (i == first);
    }

    is_int(bad, 0, "cut short anywhere but between policies, none allows");

    /* no tag at all, in each place in turn; in a resource's name it is text */

    for (i = 0; i < len; i++) {
        memcpy(copy, b.data, b.len);
        copy[b.len - len + i] = 0x7f;

        v.bytes.data = copy + (b.len - len);
        v.bytes.len = len;

        bad += auth_token_policy_eval(v, &req) == YES && i < first;
    }

    is_int(bad, 0, "damage within what allows never allows");

    auth_token_buf_free(&b);
}


int
main(void)
{
    test_cases(groups, sizeof(groups) / sizeof(groups[0]));
    test_cases(resources, sizeof(resources) / sizeof(resources[0]));
    test_cases(nested, sizeof(nested) / sizeof(nested[0]));
    test_not_understood();
    test_damage();

    return done();
}
