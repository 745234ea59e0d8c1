/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A mapping as the configuration may define one: lines with what it is made
 * of, an empty line, the answer.
 */


#include "auth_token_json.h"
#include "auth_token_mapping.h"
#include "auth_token_pointer.h"
#include "answers.h"


#define CONDITIONS  3
#define FIELDS      5
#define LISTS       3


typedef struct {
    auth_token_step_t       step;
    auth_token_scalar_t     values[CONDITIONS];
    auth_token_condition_t  active[CONDITIONS];
    auth_token_field_t      fields[FIELDS];
    auth_token_cidrs_t      allow[LISTS];
    auth_token_cidrs_t      deny[LISTS];
    auth_token_closed_t     closed[LISTS];
    auth_token_str_t        member;
} mapping_t;


static void
add_condition(mapping_t *c, unsigned bits, auth_token_str_t pointer,
    auth_token_str_t text)
{
    auth_token_mapping_t    *m;
    auth_token_scalar_t     *value;
    auth_token_condition_t  *one;

    m = &c->step.mapping;

    if (m->nactive == CONDITIONS) {
        return;
    }

    value = &c->values[m->nactive];
    value->type = AUTH_TOKEN_DOC_NULL + bits % 4;
    value->text = text;
    value->integer = (int64_t) text.len;

    if (bits & 0x08) {
        value->type = AUTH_TOKEN_DOC_STRING;
    }

    one = &c->active[m->nactive++];
    one->pointer = pointer;
    one->expect = (bits >> 4) % 5;
    one->nvalues = 1;
    one->values = value;
}


static void
add_field(mapping_t *c, unsigned bits, auth_token_str_t pointer,
    auth_token_str_t name)
{
    size_t                 i;
    auth_token_field_t    *one;
    auth_token_mapping_t  *m;

    m = &c->step.mapping;

    /* names of fields are checked to differ when they are configured */

    for (i = 0; i < m->nfields; i++) {
        if (auth_token_str_eq(&c->fields[i].name, &name)) {
            return;
        }
    }

    if (m->nfields == FIELDS) {
        return;
    }

    one = &c->fields[m->nfields++];
    one->name = name;
    one->pointer = pointer;
    one->type = bits % 6;
    one->required = bits >> 3 & 1;
}


/* one line: a letter, a byte of flags, a pointer, "=", a text */

static void
add_line(mapping_t *c, auth_token_str_t line)
{
    size_t                 n;
    unsigned               bits;
    auth_token_str_t       pointer, text;
    auth_token_mapping_t  *m;

    if (line.len < 2) {
        return;
    }

    m = &c->step.mapping;
    bits = line.data[1];

    for (n = 2; n < line.len && line.data[n] != '='; n++) { /* void */ }

    pointer = fuzz_exact(line.data + 2, n - 2);
    n += n < line.len;
    text = fuzz_exact(line.data + n, line.len - n);

    if (auth_token_pointer_check(pointer, strchr("adfx", line.data[0]) != NULL
                                          ? 1 : 0)
        != NULL)
    {
        return;
    }

    switch (line.data[0]) {

    case 'c':
        add_condition(c, bits, pointer, text);
        break;

    case 'f':
        add_field(c, bits, pointer, text);
        break;

    case 'n':
        m->not_before.pointer = pointer;
        m->not_before.forms = bits;
        break;

    case 'e':
        m->expires_on.pointer = pointer;
        m->expires_on.forms = bits;
        break;

    case 'a':
        if (m->nallow < LISTS) {
            c->allow[m->nallow].empty_is_any = bits & 1;
            c->allow[m->nallow++].pointer = pointer;
        }

        break;

    case 'd':
        if (m->ndeny < LISTS) {
            c->deny[m->ndeny].empty_is_any = bits & 1;
            c->deny[m->ndeny++].pointer = pointer;
        }

        break;

    case 'l':
        if (m->nclosed < LISTS) {
            c->member = text;
            c->closed[m->nclosed].nmembers = 1;
            c->closed[m->nclosed].members = &c->member;
            c->closed[m->nclosed].empty_is_nobody = bits & 1;
            c->closed[m->nclosed++].pointer = pointer;
        }

        break;

    case 'i':
        m->id = bits % 3;
        m->rest = bits >> 2 & 1;
        m->inactive_is_unknown = bits >> 3 & 1;

        if (text.len != 0) {
            m->id_syntax.charset = text;
            m->id_syntax.max = 64;
        }

        break;
    }
}


static void
set_up(mapping_t *c, const uint8_t **data, size_t *size)
{
    int                    i;
    auth_token_str_t       line;
    auth_token_mapping_t  *m;

    memset(c, 0, sizeof(*c));

    m = &c->step.mapping;
    m->active = c->active;
    m->fields = c->fields;
    m->allow = c->allow;
    m->deny = c->deny;
    m->closed = c->closed;

    for (i = 0; i < 16; i++) {
        line = fuzz_line(data, size);

        if (line.len == 0) {
            break;
        }

        add_line(c, line);
    }
}


/* a pointer may have "*" only where the rules walk */

static int
fields_ok(const auth_token_mapping_t *m)
{
    size_t  i;

    for (i = 0; i < m->nfields; i++) {
        if (m->fields[i].type != AUTH_TOKEN_FIELD_WORDS
            && auth_token_pointer_has_any(m->fields[i].pointer))
        {
            return 0;
        }
    }

    return 1;
}


static void
apply(const mapping_t *c, auth_token_str_t text)
{
    const char                 *reason;
    auth_token_buf_t            record, earlier;
    auth_token_vars_t           vars;
    auth_token_json_t          *root;
    auth_token_outcome_e        outcome;
    const auth_token_record_t  *records[1];

    root = auth_token_json_parse(text, 1, &reason);

    if (root == NULL) {
        must(reason != NULL);
        return;
    }

    answers_earlier(&earlier);
    auth_token_buf_init(&record, 16384);

    records[0] = (const auth_token_record_t *) earlier.data;
    vars.token = fuzz_str(FUZZ_TOKEN);
    vars.records = records;
    vars.nrecords = 1;

    outcome = auth_token_mapping_apply(&c->step.mapping, root, &vars, &record,
                                       &reason);

    must((outcome == AUTH_TOKEN_OUTCOME_RECORD) == (reason == NULL));
    answers_check(&c->step, vars.token, outcome, reason, &record);

    auth_token_json_free(root);
    auth_token_buf_free(&record);
    auth_token_buf_free(&earlier);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mapping_t  c;

    set_up(&c, &data, &size);

    if (fields_ok(&c.step.mapping)) {
        apply(&c, fuzz_exact(data, size));
    }

    fuzz_done();

    return 0;
}
