/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * An answer about one token that is found for another, as what they differ in
 * was forgotten; a record that is kept and leads nowhere.
 */


#include "../../ngx_module/core/auth_token_subject.c"

#include "protocol.h"
#include "text_doc.h"


#define MAX  4

#define FIELD(text)                                                           \
    { auth_token_str(text), auth_token_str("/" text), AUTH_TOKEN_FIELD_STRING, \
      0 }


static const auth_token_field_t  first_fields[] = {
    FIELD("id"), FIELD("org"), FIELD("team"), FIELD("unused")
};

static const auth_token_field_t  second_fields[] = {
    FIELD("id"), FIELD("team")
};

static const auth_token_field_t  third_fields[] = {
    FIELD("note"), FIELD("id")
};

static const auth_token_pair_t  third_header = {
    auth_token_str("X-Team"), auth_token_str("$id of ${team}")
};

static const auth_token_pair_t  fourth_form = {
    auth_token_str("note"), auth_token_str("$note")
};

static const auth_token_step_t  steps[] = {
    { .path = auth_token_str("/who"),
      .mapping = { .nfields = 4, .fields = first_fields } },
    { .path = auth_token_str("/$org/$id"),
      .mapping = { .nfields = 2, .fields = second_fields } },
    { .nheaders = 1, .headers = &third_header,
      .mapping = { .nfields = 2, .fields = third_fields } },
    { .nform = 1, .form = &fourth_form }
};

static const auth_token_protocol_t  four = { .nsteps = MAX, .steps = steps };


typedef struct {
    size_t       n;
    const char  *records[MAX];
    const char  *want;                 /* "." for a length, that of what
                                          follows; ends at the next "." */
} subject_case_t;


static const subject_case_t  subject_cases[] = {
    { 1, { "{'id':'7','org':'o','team':'t','unused':'u'}" }, ".7.o.t" },
    { 1, { "{'id':'7','team':'t'}" }, ".7..t" },
    { 1, { "{'id':'7','org':'','team':'t'}" }, ".7..t" },
    { 1, { "{'id':'7','org':'t'}" }, ".7.t." },
    { 1, { "{'id':'7','org':1,'team':['t']}" }, ".7.." },
    { 1, { "{}" }, "..." },
    { 2, { "{'id':'7','org':'o','team':'t'}", "{'id':'8'}" }, ".8.t" },
    { 2, { "{'id':'7','org':'o','team':'t'}", "{'id':'8','team':'s'}" },
      ".8.s" },
    { 2, { "{'id':'7','team':'t'}", "{'id':'8','team':1}" }, ".8." },
    { 3, { "{'id':'7','org':'o'}", "{'id':'8','team':'s'}",
           "{'id':'9','note':'n'}" }, ".9.n" },
    { 4, { "{'id':'7','org':'o'}", "{'id':'8'}", "{'id':'9','note':'n'}",
           "{}" }, "9" }
};


static size_t
vars_of(auth_token_vars_t *vars, const auth_token_record_t **records,
    auth_token_buf_t *bufs, const char *const *texts)
{
    size_t  n;

    for (n = 0; n < MAX && texts[n] != NULL; n++) {
        auth_token_buf_init(&bufs[n], 65536);
        records[n] = text_record(&bufs[n], texts[n]);
    }

    vars->token = str_of(TOKEN);
    vars->records = records;
    vars->nrecords = n;

    return n;
}


/* what the notation of a case means */

static void
spell(auth_token_buf_t *b, const char *want)
{
    size_t         len;
    unsigned char  bytes[8];

    auth_token_buf_init(b, 65536);

    if (*want != '.') {
        auth_token_buf_adds(b, want);
        return;
    }

    while (*want == '.') {
        want++;
        len = strcspn(want, ".");

        memset(bytes, 0, sizeof(bytes));
        bytes[0] = (unsigned char) len;

        auth_token_buf_add(b, bytes, sizeof(bytes));
        auth_token_buf_add(b, want, len);
        want += len;
    }
}


static void
test_subject(void)
{
    size_t                      i, n;
    auth_token_buf_t            bufs[MAX], got, want;
    auth_token_vars_t           vars;
    const subject_case_t       *c;
    const auth_token_record_t  *records[MAX];

    for (i = 0; i < sizeof(subject_cases) / sizeof(subject_cases[0]); i++) {
        c = &subject_cases[i];
        n = vars_of(&vars, records, bufs, c->records);

        auth_token_buf_init(&got, 65536);
        spell(&want, c->want);

        is_int(auth_token_subject(&four, c->n, &vars, &got), 0, "a subject");
        is_mem(got.data, got.len, want.data, want.len, c->records[0]);

        auth_token_buf_free(&got);
        auth_token_buf_free(&want);

        while (n != 0) {
            auth_token_buf_free(&bufs[--n]);
        }
    }
}


/* values that are the same only when they are written one after the other */

static void
test_lengths(void)
{
    size_t                      i;
    auth_token_buf_t            bufs[MAX], subjects[2];
    auth_token_vars_t           vars;
    const auth_token_record_t  *records[MAX];

    static const char *const  texts[2][MAX] = {
        { "{'id':'7','org':'ab','team':'c'}" },
        { "{'id':'7','org':'a','team':'bc'}" }
    };

    for (i = 0; i < 2; i++) {
        auth_token_buf_init(&subjects[i], 65536);
        vars_of(&vars, records, bufs, texts[i]);
        auth_token_subject(&four, 1, &vars, &subjects[i]);
        auth_token_buf_free(&bufs[0]);
    }

    ok(subjects[0].len == subjects[1].len
       && memcmp(subjects[0].data, subjects[1].data, subjects[0].len) != 0,
       "where a value ends counts");

    auth_token_buf_free(&subjects[0]);
    auth_token_buf_free(&subjects[1]);
}


static void
test_ceiling(void)
{
    size_t                      max;
    auth_token_buf_t            bufs[MAX], out;
    auth_token_vars_t           vars;
    const auth_token_record_t  *records[MAX];

    static const char *const  texts[MAX] = { "{'id':'7','org':'ab'}" };

    vars_of(&vars, records, bufs, texts);

    for (max = 0; ; max++) {
        auth_token_buf_init(&out, max);

        if (auth_token_subject(&four, 1, &vars, &out) == 0) {
            break;
        }

        auth_token_buf_free(&out);
    }

    is_int(max, 3 * 8 + 3, "every ceiling under the length is a failure");

    auth_token_buf_free(&out);

    auth_token_buf_init(&out, 0);
    is_int(auth_token_subject(preset("cloudflare"), 1, &vars, &out), -1,
           "an id alone as well");
    auth_token_buf_free(&out);

    auth_token_buf_free(&bufs[0]);
}


/* of an id alone nothing but the id is in the subject: a purge knows no more */

static void
test_id_alone(void)
{
    size_t                        i, n;
    auth_token_buf_t              record, out;
    auth_token_vars_t             vars;
    const auth_token_record_t    *records[1];
    const auth_token_protocol_t  *p;

    static const char *const  names[] = {
        "cloudflare", "cloudflare_id", "introspection", "vault"
    };

    id_record(&record, ID);
    records[0] = record_of(&record);

    vars.token = str_of(TOKEN);
    vars.records = records;
    vars.nrecords = 1;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        p = preset(names[i]);

        is_int(auth_token_subject_varies(p), p->varies, names[i]);

        n = p->nsteps == 1 ? 1 : p->nsteps - 1;

        auth_token_buf_init(&out, 64);
        auth_token_subject(p, n, &vars, &out);
        is_mem(out.data, out.len, ID, sizeof(ID) - 1, "the id alone");
        auth_token_buf_free(&out);
    }

    auth_token_buf_free(&record);
}


/* wherever a variable stands, and only where it is kept before */

static void
test_varies(void)
{
    auth_token_pair_t      pair;
    auth_token_step_t      two[3];
    auth_token_protocol_t  p;

    memset(two, 0, sizeof(two));
    memset(&p, 0, sizeof(p));

    p.nsteps = 2;
    p.steps = two;
    two[0].mapping.nfields = 4;
    two[0].mapping.fields = first_fields;

    two[0].path = str_of("/$org");
    two[1].path = str_of("/$id/$token");
    is_int(auth_token_subject_varies(&p), 0, "the first step does not count");

    two[1].path = str_of("/a?b=$id&c=${org}");
    is_int(auth_token_subject_varies(&p), 1, "in a path");
    two[1].path = str_of("/$organ");
    is_int(auth_token_subject_varies(&p), 0, "another name");

    two[1].json = str_of("{\"a\":\"$org\"}");
    is_int(auth_token_subject_varies(&p), 1, "in JSON");
    two[1].json.len = 0;

    pair.name = str_of("A");
    pair.value = str_of("b $org");
    two[1].nform = 1;
    two[1].form = &pair;
    is_int(auth_token_subject_varies(&p), 1, "in a form");
    two[1].nform = 0;
    two[1].nheaders = 1;
    two[1].headers = &pair;
    is_int(auth_token_subject_varies(&p), 1, "in a header");

    two[1].mapping = two[0].mapping;
    two[0].mapping.nfields = 1;
    is_int(auth_token_subject_varies(&p), 0, "kept by no step before it");

    two[1].path = str_of("");
    two[1].nheaders = 0;
    two[2].path = str_of("/$org");
    p.nsteps = 3;
    is_int(auth_token_subject_varies(&p), 1, "of the third step alone");
}


typedef struct {
    size_t       n;
    const char  *records[MAX];
    int          leads;
} lead_case_t;


static const lead_case_t  lead_cases[] = {
    { 0, { "{'id':'7','org':'o'}" }, 1 },
    { 0, { "{'id':'..','org':'o'}" }, 0 },
    { 0, { "{'id':'.','org':'o'}" }, 0 },
    { 0, { "{'id':'7','org':'..'}" }, 0 },
    { 0, { "{'id':'7'}" }, 0 },
    { 0, { "{'id':'7','org':''}" }, 0 },
    { 0, { "{'id':'','org':'o'}" }, 0 },
    { 0, { "{'id':'7','org':1}" }, 0 },
    /* the team may yet come */
    { 1, { "{'id':'7','org':'o'}", "{'id':'8','team':'t'}" }, 1 },
    { 1, { "{'id':'7','org':'o','team':'t'}", "{'id':'8'}" }, 1 },
    { 1, { "{'id':'7','org':'o'}", "{'id':'8'}" }, 0 },
    { 1, { "{'id':'7','org':'o','team':'t'}", "{'id':'8','team':'\n'}" }, 0 },
    { 2, { "{'id':'7'}", "{'id':'8'}", "{'id':'9','note':'n'}" }, 1 },
    { 2, { "{'id':'7'}", "{'id':'8'}", "{'id':'9'}" }, 0 },
    { 3, { "{'id':'7'}", "{'id':'8'}", "{'id':'9'}", "{}" }, 1 }
};


static void
test_leads(void)
{
    size_t                      i, n;
    auth_token_buf_t            bufs[MAX];
    auth_token_vars_t           vars;
    const lead_case_t          *c;
    const auth_token_record_t  *records[MAX];

    for (i = 0; i < sizeof(lead_cases) / sizeof(lead_cases[0]); i++) {
        c = &lead_cases[i];
        n = vars_of(&vars, records, bufs, c->records);

        is_int(auth_token_subject_leads(&four, c->n, &vars), c->leads,
               show(c->records[n - 1]));

        while (n != 0) {
            auth_token_buf_free(&bufs[--n]);
        }
    }
}


/* what is settled by the first record, though the second step comes first */

static void
test_leads_far(void)
{
    auth_token_step_t           three[3];
    auth_token_buf_t            bufs[MAX];
    auth_token_vars_t           vars;
    auth_token_protocol_t       p;
    const auth_token_record_t  *records[MAX];

    static const char *const  texts[MAX] = { "{'id':'7','org':'..'}" };

    memset(three, 0, sizeof(three));
    memset(&p, 0, sizeof(p));

    p.nsteps = 3;
    p.steps = three;
    three[0].mapping.nfields = 4;
    three[0].mapping.fields = first_fields;
    three[1].path = str_of("/$id");
    three[1].mapping.nfields = 2;
    three[1].mapping.fields = second_fields;
    three[2].path = str_of("/$org");

    vars_of(&vars, records, bufs, texts);

    is_int(auth_token_subject_leads(&p, 0, &vars), 0,
           "the third step cannot be asked");

    three[1].mapping.nfields = 4;
    three[1].mapping.fields = first_fields;

    is_int(auth_token_subject_leads(&p, 0, &vars), 1,
           "unless the second says more");

    auth_token_buf_free(&bufs[0]);
}


/* no value is so long that the rest of the request has no room beside it */

static void
test_leads_long(void)
{
    char                       *text;
    size_t                      i, lens[2];
    int64_t                     mark;
    auth_token_buf_t            doc, record;
    auth_token_vars_t           vars;
    auth_token_facts_t          facts;
    const auth_token_record_t  *records[1];

    lens[0] = AUTH_TOKEN_SUBJECT_MAX_TEXT - 1;
    lens[1] = AUTH_TOKEN_SUBJECT_MAX_TEXT;

    text = malloc(lens[1]);
    memset(text, 'a', lens[1]);

    for (i = 0; i < 2; i++) {
        auth_token_buf_init(&doc, 65536);
        auth_token_buf_init(&record, 65536);
        memset(&facts, 0, sizeof(facts));

        mark = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_OBJECT);
        auth_token_doc_add_key(&doc, "id", 2);
        auth_token_doc_add_string(&doc, text, lens[i]);
        auth_token_doc_close(&doc, mark);

        facts.doc = auth_token_buf_str(&doc);

        is_int(auth_token_record_build(&facts, &record), 0, "a record");

        records[0] = record_of(&record);
        vars.token = str_of(TOKEN);
        vars.records = records;
        vars.nrecords = 1;

        is_int(auth_token_subject_leads(preset("cloudflare"), 0, &vars),
               i == 0, "an id of some length");

        auth_token_buf_free(&doc);
        auth_token_buf_free(&record);
    }

    free(text);
}


int
main(void)
{
    test_subject();
    test_lengths();
    test_ceiling();
    test_id_alone();
    test_varies();
    test_leads();
    test_leads_far();
    test_leads_long();

    return done();
}
