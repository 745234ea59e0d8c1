/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Tokens that must never reach an authority, tables with a slip in them, and
 * two protocols that the cache takes for one.
 */


#include "../../ngx_module/core/auth_token_preset.c"
#include "../../ngx_module/core/auth_token_protocol.c"

#include "auth_token_pointer.h"
#include "auth_token_template.h"
#include "protocol.h"


typedef struct {
    const char  *preset;
    const char  *token;
    int          fits;
} token_case_t;


#define T40  "0123456789abcdefghijABCDEFGHIJ0123456-_9"
#define ZEROES  "00000000000000000000000000000000"

static const token_case_t  token_cases[] = {
    { "cloudflare", T40, 1 },
    { "cloudflare", TOKEN, 1 },
    { "cloudflare", "cfut_" T40 "12345678", 1 },
    { "cloudflare", T40 T40, 1 },
    { "cloudflare", "", 0 },
    { "cloudflare", "verify", 0 },
    { "cloudflare", T40 T40 "x", 0 },
    { "cloudflare", "." T40, 0 },
    { "cloudflare", T40 "/../verify", 0 },
    { "cloudflare", T40 "=", 0 },
    { "cloudflare", T40 "~", 0 },
    { "cloudflare", T40 " x", 0 },
    { "cloudflare", T40 "\n", 0 },

    { "cloudflare_id", ID, 1 },
    { "cloudflare_id", ZEROES, 1 },
    { "cloudflare_id", "", 0 },
    { "cloudflare_id", "verify", 0 },
    { "cloudflare_id", "permission_groups", 0 },
    { "cloudflare_id", "..", 0 },
    { "cloudflare_id", "../verify", 0 },
    { "cloudflare_id", ZEROES "0", 0 },
    { "cloudflare_id", "0000000000000000000000000000000", 0 },
    { "cloudflare_id", "0000000000000000000000000000000/", 0 },
    { "cloudflare_id", "0000000000000000000000000000000.", 0 },
    { "cloudflare_id", "ED17574386854BF78A67040BE0A770B0", 0 },
    { "cloudflare_id", "ed17574386854bf78a67040be0a770bg", 0 },
    { "cloudflare_id", ID "\n", 0 },
    { "cloudflare_id", "ed17574386854bf78a67040be0a770b\xc3", 0 },

    { "introspection", "a", 1 },
    { "introspection", "abc-._~+/==", 1 },
    { "introspection", "", 0 },
    { "introspection", "=", 0 },
    { "introspection", "a=b", 0 },
    { "introspection", "a b", 0 },
    { "introspection", "a&b", 0 },
    { "introspection", "a\r\n", 0 },
    { "introspection", "\xc3\xa4", 0 }
};


static const char *const  preset_names[] = {
    "cloudflare", "cloudflare_id", "introspection"
};


static void
test_find(void)
{
    size_t  i;

    for (i = 0; i < 3; i++) {
        ok(auth_token_preset_find(str_of(preset_names[i])) != NULL,
           "there is %s", preset_names[i]);
    }

    is_int(auth_token_preset_count(auth_token_presets), 4, "and no other");

    ok(auth_token_preset_find(str_of("")) == NULL
       && auth_token_preset_find(str_of("cloudflar")) == NULL
       && auth_token_preset_find(str_of("Cloudflare")) == NULL,
       "names are exact");
}


/* what was made before is what would be made */

static void
test_set(const auth_token_syntax_t *syntax)
{
    auth_token_charset_t  set;

    (void) auth_token_charset_init(&set, syntax->charset.data,
                                   syntax->charset.len);

    ok(syntax->set && memcmp(&set, syntax->set, sizeof(set)) == 0,
       "the set of \"%.*s\"", (int) syntax->charset.len,
       (const char *) syntax->charset.data);
}


static void
test_tokens(void)
{
    size_t                        i;
    static unsigned char          longest[4097];
    auth_token_str_t              token;
    const token_case_t           *c;
    auth_token_syntax_t           bad;

    for (i = 0; i < sizeof(token_cases) / sizeof(token_cases[0]); i++) {
        c = &token_cases[i];

        ok(auth_token_token_fits(preset(c->preset), guarded(c->token))
           == c->fits, "%s: \"%s\" %s", c->preset, show(c->token),
           c->fits ? "fits" : "does not fit");
    }

    memset(longest, 'a', sizeof(longest));
    token.data = longest;
    token.len = 4096;

    ok(auth_token_token_fits(preset("introspection"), token),
       "the longest token");

    token.len++;
    ok(!auth_token_token_fits(preset("introspection"), token),
       "a byte too long");

    memset(&bad, 0, sizeof(bad));
    ok(auth_token_syntax_ok(&bad, str_of("anything at all")), "no syntax");

    test_set(&preset("cloudflare")->token);
    test_set(&preset("cloudflare_id")->token);
    test_set(&preset("cloudflare")->steps[0].mapping.id_syntax);

    bad.charset = str_of("a-z");
    ok(auth_token_syntax_ok(&bad, str_of("b"))
       && !auth_token_syntax_ok(&bad, str_of("B")), "a set that is made anew");

    bad.charset = str_of("z-a");
    ok(!auth_token_syntax_ok(&bad, str_of("b")), "a broken one fits nothing");
}


static void
test_pointers(const char *name, const auth_token_step_t *s)
{
    size_t                       i;
    const char                  *bad;
    const auth_token_mapping_t  *m;

    m = &s->mapping;
    bad = auth_token_pointer_check(s->code, 0);

#define check(list, n, max)                                                   \
    for (i = 0; bad == NULL && i < (n); i++) {                                \
        bad = auth_token_pointer_check((list)[i].pointer, max);               \
    }

    check(s->success, s->nsuccess, 0)
    check(s->refusal, s->nrefusal, 0)
    check(m->active, m->nactive, 0)
    check(m->allow, m->nallow, 1)
    check(m->deny, m->ndeny, 1)
    check(m->closed, m->nclosed, 0)
    check(m->fields, m->nfields, 0)

    if (bad == NULL) {
        bad = auth_token_pointer_check(m->not_before.pointer, 0);
    }

    if (bad == NULL) {
        bad = auth_token_pointer_check(m->expires_on.pointer, 0);
    }

    is_str(bad, NULL, name);
}


/* what nginx would refuse in a configuration is not in a table of ours */

static void
test_tables(void)
{
    size_t                        i, j, k;
    const char                   *bad;
    const auth_token_step_t      *s;
    const auth_token_protocol_t  *p;

    for (i = 0; i < auth_token_preset_count(auth_token_presets); i++) {
        p = &auth_token_presets[i];

        for (j = 0; j < p->nsteps; j++) {
            s = &p->steps[j];

            test_pointers("its pointers", s);

            bad = auth_token_template_check(s->path, AUTH_TOKEN_PLACE_PATH);

            for (k = 0; bad == NULL && k < s->nheaders; k++) {
                bad = auth_token_template_check(s->headers[k].value,
                                                AUTH_TOKEN_PLACE_HEADER);
            }

            for (k = 0; bad == NULL && k < s->nform; k++) {
                bad = auth_token_template_check(s->form[k].value,
                                                AUTH_TOKEN_PLACE_FORM);
            }

            is_str(bad, NULL, "its templates");

            for (k = 0; k < s->nstatuses; k++) {
                if ((s->statuses[k].outcome == AUTH_TOKEN_OUTCOME_RECORD)
                    != (s->statuses[k].status == 200)
                    || (s->statuses[k].reason == NULL)
                       != (s->statuses[k].status == 200))
                {
                    ok(0, "status %u", s->statuses[k].status);
                }
            }

            /* Vault has no state: it forgets what has ended */
            ok(s->mapping.nactive != 0
               || auth_token_str_eq_lit(&p->name, "vault"),
               "a token must be active");
        }

        is_int(p->token.max != 0 && p->token.min != 0, 1,
               "tokens have limits");
    }

    ok(preset("introspection")->form_credentials
       && !preset("cloudflare")->form_credentials
       && !preset("cloudflare_id")->form_credentials,
       "whose credential may be in a form");
    ok(step_of("cloudflare", 0)->credential == AUTH_TOKEN_CREDENTIAL_TOKEN
       && step_of("cloudflare", 1)->credential
          == AUTH_TOKEN_CREDENTIAL_PROVIDER
       && step_of("cloudflare_id", 0)->credential
          == AUTH_TOKEN_CREDENTIAL_PROVIDER
       && step_of("introspection", 0)->credential
          == AUTH_TOKEN_CREDENTIAL_PROVIDER,
       "who authenticates each request");
}


static uint64_t
print_of(const auth_token_protocol_t *p)
{
    size_t            i;
    uint64_t          hash;
    auth_token_buf_t  b;

    auth_token_buf_init(&b, 65536);

    if (auth_token_protocol_fingerprint(p, &b) != 0 || b.len == 0) {
        ok(0, "a fingerprint");
    }

    hash = 14695981039346656037u;

    for (i = 0; i < b.len; i++) {
        hash = (hash ^ b.data[i]) * 1099511628211u;
    }

    auth_token_buf_free(&b);

    return hash;
}


/* a protocol with something of everything in it */

static const auth_token_pair_t  pair = {
    auth_token_str("a"), auth_token_str("bc")
};

static const auth_token_pair_t  other_pair = {
    auth_token_str("ab"), auth_token_str("c")
};

static const auth_token_scalar_t  value = {
    AUTH_TOKEN_DOC_INTEGER, auth_token_str(""), 1
};

static const auth_token_scalar_t  other_value = {
    AUTH_TOKEN_DOC_INTEGER, auth_token_str(""), 2
};

static const auth_token_condition_t  c = {
    auth_token_str("/a"), AUTH_TOKEN_EXPECT_VALUE, 1, &value
};

static const auth_token_condition_t  other_c = {
    auth_token_str("/a"), AUTH_TOKEN_EXPECT_VALUE, 1, &other_value
};

static const auth_token_cidrs_t  list = { auth_token_str("/a"), 0 };

static const auth_token_cidrs_t  any = { auth_token_str("/a"), 1 };

static const auth_token_closed_t  closed = {
    auth_token_str("/a"), 1, &pair.name, 0
};

static const auth_token_closed_t  nobody = {
    auth_token_str("/a"), 1, &pair.name, 1
};

static const auth_token_closed_t  other_member = {
    auth_token_str("/a"), 1, &other_pair.name, 0
};

static const auth_token_field_t  field = {
    auth_token_str("a"), auth_token_str("/a"), AUTH_TOKEN_FIELD_ANY, 0
};

static const auth_token_field_t  required = {
    auth_token_str("a"), auth_token_str("/a"), AUTH_TOKEN_FIELD_ANY, 1
};

static const auth_token_status_t  status = { .status = 404 };

static const auth_token_status_t  unknown = {
    .status = 404, .outcome = AUTH_TOKEN_OUTCOME_UNKNOWN
};

static const auth_token_status_t  bare = { .status = 404, .bare = 1 };

static const auth_token_status_t  reason = {
    .status = 404, .reason = "for the log only"
};


static void
sample(auth_token_protocol_t *p, auth_token_step_t *s)
{
    memset(s, 0, sizeof(*s));
    memset(p, 0, sizeof(*p));

    p->nsteps = 1;
    p->steps = s;

    s->nheaders = s->nform = s->nstatuses = s->nsuccess = s->nrefusal = 1;
    s->headers = s->form = &pair;
    s->statuses = &status;
    s->success = s->refusal = &c;

    s->mapping.nactive = s->mapping.nallow = s->mapping.ndeny = 1;
    s->mapping.nclosed = s->mapping.nfields = 1;
    s->mapping.active = &c;
    s->mapping.allow = s->mapping.deny = &list;
    s->mapping.closed = &closed;
    s->mapping.fields = &field;
}


/* each change that changes answers changes the fingerprint */

#define change(member, to)                                                    \
    do {                                                                      \
        sample(&p, &s);                                                       \
        member = to;                                                          \
        ok(print_of(&p) != base, "a change of %s", #member);                  \
    } while (0)


static void
test_request_changes(uint64_t base)
{
    auth_token_step_t      s;
    auth_token_protocol_t  p;

    change(p.nsteps, 0);
    change(p.token.charset, str_of("a"));
    change(p.token.min, 1);
    change(p.token.max, 1);
    change(s.credential, AUTH_TOKEN_CREDENTIAL_TOKEN);
    change(s.method, str_of("GET"));
    change(s.path, str_of("/a"));
    change(s.nheaders, 0);
    change(s.headers, &other_pair);
    change(s.body, AUTH_TOKEN_BODY_FORM);
    change(s.nform, 0);
    change(s.form, &other_pair);
    change(s.json, str_of("{}"));
    change(s.nstatuses, 0);
    change(s.statuses, &unknown);
    change(s.statuses, &bare);
    change(s.nsuccess, 0);
    change(s.success, &other_c);
    change(s.nrefusal, 0);
    change(s.refusal, &other_c);
}


static void
test_mapping_changes(uint64_t base)
{
    auth_token_step_t      s;
    auth_token_protocol_t  p;

    change(s.mapping.nactive, 0);
    change(s.mapping.active, &other_c);
    change(s.mapping.inactive_is_unknown, 1);
    change(s.mapping.rest, 1);
    change(s.mapping.not_before.pointer, str_of("/a"));
    change(s.mapping.not_before.forms, 1);
    change(s.mapping.expires_on.pointer, str_of("/a"));
    change(s.mapping.expires_on.forms, 1);
    change(s.mapping.nallow, 0);
    change(s.mapping.allow, &any);
    change(s.mapping.ndeny, 0);
    change(s.mapping.deny, &any);
    change(s.mapping.nclosed, 0);
    change(s.mapping.closed, &nobody);
    change(s.mapping.closed, &other_member);
    change(s.mapping.nfields, 0);
    change(s.mapping.fields, &required);
    change(s.mapping.id, AUTH_TOKEN_ID_TOKEN);
    change(s.mapping.id_syntax.max, 1);
}


static void
test_jwt_changes(uint64_t base)
{
    uint64_t               of_jwt;
    auth_token_step_t      s;
    auth_token_signed_t    jwt;
    auth_token_protocol_t  p;

    memset(&jwt, 0, sizeof(jwt));

    change(s.jwt, &jwt);

    of_jwt = print_of(&p);

    jwt.leeway = 1;
    ok(print_of(&p) == of_jwt, "the leeway changes nothing");

    jwt.issuer = str_of("a");
    base = print_of(&p);
    ok(base != of_jwt, "a change of its issuer");

    jwt.issuer = str_of("");
    jwt.audience = str_of("a");
    ok(print_of(&p) != of_jwt && print_of(&p) != base,
       "a change of its audience");

    jwt.audience = str_of("");
    jwt.algs = 1;
    ok(print_of(&p) != of_jwt, "a change of its algorithms");
}


static void
test_fingerprint(void)
{
    size_t                  max;
    uint64_t                base;
    auth_token_buf_t        b;
    auth_token_step_t       s;
    auth_token_protocol_t   p;

    sample(&p, &s);
    base = print_of(&p);

    test_request_changes(base);
    test_mapping_changes(base);
    test_jwt_changes(base);

    sample(&p, &s);
    ok(print_of(&p) == base, "the same again");

    s.statuses = &reason;
    s.name = str_of("x");
    s.code = str_of("/code");
    p.name = str_of("y");

    ok(print_of(&p) == base, "what is for the log changes nothing");

    ok(print_of(preset("cloudflare")) != print_of(preset("cloudflare_id"))
       && print_of(preset("cloudflare")) != print_of(preset("introspection")),
       "the presets differ");

    for (max = 0; ; max++) {
        auth_token_buf_init(&b, max);

        if (auth_token_protocol_fingerprint(&p, &b) == 0) {
            break;
        }

        auth_token_buf_free(&b);
    }

    is_int(b.len, max, "every ceiling under its length is a failure");
    auth_token_buf_free(&b);
}


int
main(void)
{
    test_find();
    test_tokens();
    test_tables();
    test_fingerprint();

    return done();
}
