/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the presets do not use, for authorities that administrators declare:
 * a fact that is there by accident, and a list that is taken for none.
 */


#include "../../ngx_module/core/auth_token_mapping.c"
#include "../../ngx_module/core/auth_token_mapping_cidr.c"
#include "../../ngx_module/core/auth_token_mapping_doc.c"

#include "custom.h"


static const auth_token_scalar_t  custom_true[] = {
    { .type = AUTH_TOKEN_DOC_TRUE }
};

static const auth_token_scalar_t  custom_false[] = {
    { .type = AUTH_TOKEN_DOC_FALSE }
};


static const auth_token_field_t  custom_required[] = {
    { auth_token_str("scopes"), auth_token_str("/scopes"),
      AUTH_TOKEN_FIELD_WORDS, 1 },
    { auth_token_str("meta"), auth_token_str("/meta"), AUTH_TOKEN_FIELD_ANY,
      1 }
};

static const auth_token_condition_t  custom_active[] = {
    { auth_token_str("/active"), AUTH_TOKEN_EXPECT_VALUE, 1, custom_true },
    { auth_token_str("/revoked"), AUTH_TOKEN_EXPECT_VALUE, 1, custom_false },
    { auth_token_str("/x/deleted"), AUTH_TOKEN_EXPECT_EMPTY, 0, NULL }
};


typedef struct {
    const char  *text;
    const char  *doc;                  /* NULL: unusable */
} doc_case_t;


static const doc_case_t  doc_cases[] = {
    { "{}", "{}" },
    { "{\"id\":7}", "{\"id\":\"7\"}" },
    { "{\"id\":-9223372036854775808}", "{\"id\":\"-9223372036854775808\"}" },
    { "{\"id\":\"x\"}", "{\"id\":\"x\"}" },
    { "{\"id\":1.5}", NULL },
    { "{\"id\":true}", NULL },
    { "{\"id\":[]}", NULL },
    { "{\"id\":\"" TOKEN "\"}", NULL },
    { "{\"p\":[{\"g\":[{\"n\":\"a\"},{\"n\":\"b c\"}]},"
      "{\"g\":[]},{\"g\":[{\"n\":[\"d\",\"e f\"]}]}]}",
      "{\"permissions\":[\"a\",\"b\",\"c\",\"d\",\"e f\"]}" },
    { "{\"p\":[]}", "{\"permissions\":[]}" },
    { "{\"p\":null}", "{}" },
    { "{\"p\":{}}", NULL },
    { "{\"p\":[{}]}", NULL },
    { "{\"p\":[{\"g\":[{\"n\":1}]}]}", NULL },
    { "{\"p\":[{\"g\":[{\"n\":[\"a\",null]}]}]}", NULL },
    { "{\"scopes\":\"\"}", "{\"scopes\":[]}" },
    { "{\"scopes\":\"  a   bc d \"}", "{\"scopes\":[\"a\",\"bc\",\"d\"]}" },
    { "{\"scopes\":\"a\"}", "{\"scopes\":[\"a\"]}" },
    { "{\"scopes\":[\"a\",\"b\"]}", "{\"scopes\":[\"a\",\"b\"]}" },
    { "{\"scopes\":[\"" TOKEN "\"]}", "{\"scopes\":[null]}" },
    { "{\"scopes\":\"" TOKEN "\"}", "{\"scopes\":[null]}" },
    { "{\"scopes\":\"a x" TOKEN " b\"}",
      "{\"scopes\":[\"a\",null,\"b\"]}" },
    { "{\"meta\":{\"" TOKEN "\":[],\"b\":\"x " TOKEN "\"}}",
      "{\"meta\":{\"b\":null}}" },
    { "{\"scopes\":{}}", NULL },
    { "{\"scopes\":1}", NULL },
    { "{\"meta\":{\"a\":[1,{}]},\"scopes\":null}",
      "{\"meta\":{\"a\":[1,{}]}}" },
    { "{\"meta\":null}", "{}" },
    { "{\"meta\":false}", "{\"meta\":false}" },
    { "[]", NULL }
};


static void
test_doc(void)
{
    size_t             i;
    auth_token_buf_t   record;
    const doc_case_t  *c;

    for (i = 0; i < sizeof(doc_cases) / sizeof(doc_cases[0]); i++) {
        c = &doc_cases[i];

        auth_token_buf_init(&record, 65536);

        ok((apply(&custom, c->text, TOKEN, NULL, &record) == RECORD)
           == (c->doc != NULL), "%s", c->text);
        is_doc(&record, c->doc != NULL ? c->doc : "", "its document");

        auth_token_buf_free(&record);
    }
}


static void
test_required(void)
{
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    memset(&m, 0, sizeof(m));
    m.nfields = 2;
    m.fields = custom_required;

    auth_token_buf_init(&record, 65536);

    ok(apply(&m, "{\"meta\":1}", TOKEN, NULL, &record) == UNAVAILABLE,
       "required words are missing");
    ok(apply(&m, "{\"meta\":1,\"scopes\":null}", TOKEN, NULL, &record)
       == UNAVAILABLE, "required words are null");
    ok(apply(&m, "{\"scopes\":\"\"}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a required member is missing");
    ok(apply(&m, "{\"scopes\":[],\"meta\":null}", TOKEN, NULL, &record)
       == UNAVAILABLE, "a required member is null");
    ok(apply(&m, "{\"scopes\":[],\"meta\":0}", TOKEN, NULL, &record)
       == RECORD, "both are there");

    auth_token_buf_free(&record);
}


typedef struct {
    const char  *text;
    const char  *admitted;
    const char  *refused;              /* neither: unusable */
} list_case_t;


static const list_case_t  list_cases[] = {
    { "{}", "unix:", NULL },
    { "{\"bound_cidrs\":[]}", "unix:", NULL },
    { "{\"bound_cidrs\":null}", "unix:", NULL },
    { "{\"bound_cidrs\":[\"127.0.0.1/8\"]}", "127.9.9.9", "128.0.0.1" },
    { "{\"bound_cidrs\":\"127.0.0.1\"}", NULL, NULL },
    { "{\"nets\":[{\"cidr\":\"192.0.2.1\"}]}", "192.0.2.1", "192.0.2.2" },
    { "{\"nets\":[{\"cidr\":[\"192.0.2.1\"]},{\"cidr\":\"::1\"}]}",
      "::1", "192.0.2.2" },
    { "{\"nets\":[]}", NULL, "192.0.2.2" },
    { "{\"nets\":[{\"cidr\":null}]}", NULL, NULL },
    { "{\"nets\":[{\"cidr\":7}]}", NULL, NULL },
    { "{\"nets\":[{}]}", NULL, NULL },
    { "{\"nets\":{}}", NULL, NULL },
    { "{\"nets\":[{\"cidr\":\"192.0.2.1\"}],\"bound_cidrs\":[\"::/0\"]}",
      NULL, "192.0.2.1" }
};


static void
test_lists(void)
{
    size_t                i;
    auth_token_buf_t      record;
    auth_token_outcome_e  outcome;
    const list_case_t    *c;

    for (i = 0; i < sizeof(list_cases) / sizeof(list_cases[0]); i++) {
        c = &list_cases[i];

        auth_token_buf_init(&record, 65536);

        outcome = apply(&custom, c->text, TOKEN, NULL, &record);

        if (c->admitted == NULL && c->refused == NULL) {
            ok(outcome == UNAVAILABLE, "%s", c->text);

        } else {
            ok(outcome == RECORD
               && (c->admitted == NULL || admits(&record, c->admitted))
               && (c->refused == NULL || !admits(&record, c->refused)),
               "%s", c->text);
        }

        auth_token_buf_free(&record);
    }
}


static void
test_active(void)
{
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    memset(&m, 0, sizeof(m));
    auth_token_buf_init(&record, 65536);

    ok(apply(&m, "{}", TOKEN, NULL, &record) == RECORD
       && record_of(&record)->flags == ACT, "a 200 is enough");
    auth_token_buf_reset(&record);

    m.nactive = 2;
    m.active = custom_active;

    ok(apply(&m, "{\"active\":true,\"revoked\":false}", TOKEN, NULL, &record)
       == RECORD && record_of(&record)->flags == ACT, "both hold");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"active\":true,\"revoked\":true}", TOKEN, NULL, &record)
       == RECORD && record_of(&record)->flags == 0, "the second differs");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"active\":false,\"revoked\":false}", TOKEN, NULL, &record)
       == RECORD && record_of(&record)->flags == 0, "the first differs");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"active\":false}", TOKEN, NULL, &record) == UNAVAILABLE,
       "the second is missing");

    m.nactive = 3;
    m.rest = 1;

    ok(apply(&m, "{\"active\":true,\"revoked\":false,\"x\":{},"
             "\"y" TOKEN "\":1}", TOKEN, NULL, &record) == RECORD,
       "with the rest");
    is_doc(&record, "{\"x\":{}}", "which holds no fact twice");

    auth_token_buf_free(&record);
}


/* the id that was asked for must be in the answer, also where no rule says
   that it is required */

static void
test_id(void)
{
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    m = custom;
    m.id = AUTH_TOKEN_ID_TOKEN;

    auth_token_buf_init(&record, 65536);

    ok(apply(&m, "{}", "7", NULL, &record) == UNAVAILABLE, "no id");
    ok(apply(&m, "{\"id\":8}", "7", NULL, &record) == UNAVAILABLE,
       "another id");
    ok(apply(&m, "{\"id\":7}", "7", NULL, &record) == RECORD, "the id");

    auth_token_buf_free(&record);
}


/* an empty id, which leads nowhere and is equal to another empty one */

static void
test_empty_id(void)
{
    auth_token_buf_t      record, earlier;
    auth_token_field_t    fields[2];
    auth_token_mapping_t  m;

    memset(&m, 0, sizeof(m));
    auth_token_buf_init(&record, 65536);

    m.rest = 1;
    ok(apply(&m, "{\"id\":\"\"}", TOKEN, NULL, &record) == RECORD,
       "no rule speaks of an id");
    auth_token_buf_reset(&record);

    fields[0] = custom_fields[2];
    fields[1] = custom_fields[0];
    m.nfields = 2;
    m.fields = fields;
    ok(apply(&m, "{\"id\":\"\"}", TOKEN, NULL, &record) == RECORD,
       "an id need not be there");
    auth_token_buf_reset(&record);

    fields[1].required = 1;
    ok(apply(&m, "{\"id\":\"\"}", TOKEN, NULL, &record) == UNAVAILABLE,
       "an empty id where one is required");
    ok(apply(&m, "{\"id\":null}", TOKEN, NULL, &record) == UNAVAILABLE,
       "null there");
    ok(apply(&m, "{}", TOKEN, NULL, &record) == UNAVAILABLE, "none there");
    ok(apply(&m, "{\"id\":\"x\"}", TOKEN, NULL, &record) == RECORD,
       "an id there");
    auth_token_buf_reset(&record);

    fields[1].required = 0;
    m.id = AUTH_TOKEN_ID_EARLIER;
    id_record(&earlier, "");
    ok(apply(&m, "{\"id\":\"\"}", TOKEN, record_of(&earlier), &record)
       == UNAVAILABLE, "an empty id after an empty one");

    auth_token_buf_free(&earlier);
    auth_token_buf_free(&record);
}


/* "{}" where nothing says that it admits nobody */

static void
test_closed(void)
{
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    static const auth_token_str_t  names[] = { auth_token_str("x") };

    static const auth_token_closed_t  closed[] = {
        { auth_token_str("/c"), 1, names, 0 },
        { auth_token_str("/c/x/y"), 1, names, 0 }
    };

    memset(&m, 0, sizeof(m));
    m.nclosed = 2;
    m.closed = closed;

    auth_token_buf_init(&record, 65536);

    ok(apply(&m, "{\"c\":{}}", TOKEN, NULL, &record) == RECORD
       && admits(&record, "192.0.2.1"), "an empty object of another kind");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"c\":{\"x\":{}}}", TOKEN, NULL, &record) == RECORD,
       "its known member");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"c\":{\"x\":1}}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a scalar where another such object is expected");
    ok(apply(&m, "{\"c\":{\"x\":{},\"y\":1}}", TOKEN, NULL, &record)
       == UNAVAILABLE, "an unknown member");

    m.nclosed = 1;

    ok(apply(&m, "{\"c\":\"x\"}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a string in its place");
    ok(apply(&m, "{\"c\":[]}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a list in its place");
    ok(apply(&m, "{\"c\":null}", TOKEN, NULL, &record) == RECORD,
       "null in its place");

    auth_token_buf_free(&record);
}


/* an authority that repeats the token must repeat the one it was asked for */

static void
test_echo(void)
{
    auth_token_buf_t      record;
    auth_token_mapping_t  m;

    auth_token_buf_init(&record, 4096);

    memset(&m, 0, sizeof(auth_token_mapping_t));
    m.echo = str_of("/data/id");

    ok(apply(&m, "{\"data\":{\"id\":\"" TOKEN "\"}}", TOKEN, NULL, &record)
       == RECORD, "the token that was asked for");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"data\":{\"id\":\"another\"}}", TOKEN, NULL, &record)
       == UNAVAILABLE, "another token");

    ok(apply(&m, "{\"data\":{}}", TOKEN, NULL, &record) == RECORD,
       "no token");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"data\":{\"id\":null}}", TOKEN, NULL, &record) == RECORD,
       "a null token");
    auth_token_buf_reset(&record);

    ok(apply(&m, "{\"data\":{\"id\":1}}", TOKEN, NULL, &record)
       == UNAVAILABLE, "a number");

    ok(apply(&m, "{\"data\":1}", TOKEN, NULL, &record) == UNAVAILABLE,
       "a way through a number");

    auth_token_buf_free(&record);
}


int
main(void)
{
    test_doc();
    test_echo();
    test_required();
    test_lists();
    test_active();
    test_id();
    test_empty_id();
    test_closed();

    return done();
}
