/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Puts the parts of a mapping together.  Nothing is taken for granted because
 * it was fine in another answer: every fact is checked every time.
 */


#include "auth_token_condition.h"
#include "auth_token_mapping.h"
#include "auth_token_template.h"


static const char *auth_token_mapping_active(const auth_token_mapping_t *m,
    const auth_token_json_t *root, int *active);
static const char *auth_token_mapping_times(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_facts_t *facts);
static const char *auth_token_mapping_sets(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_sets_t *allow,
    auth_token_sets_t *deny);
static const char *auth_token_mapping_id(const auth_token_mapping_t *m,
    auth_token_str_t doc, const auth_token_vars_t *vars);
static int auth_token_mapping_needs_id(const auth_token_mapping_t *m);
static const char *auth_token_mapping_echo(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars);
static const char *auth_token_mapping_facts(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars,
    auth_token_facts_t *facts, auth_token_buf_t *doc);
static const char *auth_token_mapping_record(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_facts_t *facts,
    auth_token_buf_t *record);


static const auth_token_str_t  auth_token_mapping_id_name =
    auth_token_str("id");


auth_token_outcome_e
auth_token_mapping_apply(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars,
    auth_token_buf_t *record, const char **reason)
{
    int                 active;
    auth_token_buf_t    doc;
    auth_token_facts_t  facts;

    *reason = auth_token_mapping_active(m, root, &active);

    if (*reason != NULL) {
        return AUTH_TOKEN_OUTCOME_UNAVAILABLE;
    }

    if (!active && m->inactive_is_unknown) {
        *reason = "the token is not active";
        return AUTH_TOKEN_OUTCOME_UNKNOWN;
    }

    memset(&facts, 0, sizeof(auth_token_facts_t));
    facts.flags = active ? AUTH_TOKEN_RECORD_ACTIVE : 0;

    auth_token_buf_init(&doc, record->max);

    *reason = auth_token_mapping_facts(m, root, vars, &facts, &doc);

    if (*reason == NULL) {
        *reason = auth_token_mapping_record(m, root, &facts, record);
    }

    auth_token_buf_free(&doc);

    return *reason == NULL ? AUTH_TOKEN_OUTCOME_RECORD
                           : AUTH_TOKEN_OUTCOME_UNAVAILABLE;
}


static const char *
auth_token_mapping_active(const auth_token_mapping_t *m,
    const auth_token_json_t *root, int *active)
{
    size_t                  i;
    auth_token_condition_e  rc;

    *active = 1;

    for (i = 0; i < m->nactive; i++) {
        rc = auth_token_condition(&m->active[i], root);

        if (rc == AUTH_TOKEN_CONDITION_WRONG) {
            return "the token's state is missing or of a wrong type";
        }

        if (rc != AUTH_TOKEN_CONDITION_HOLDS) {
            *active = 0;
        }
    }

    return NULL;
}


static const char *
auth_token_mapping_facts(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars,
    auth_token_facts_t *facts, auth_token_buf_t *doc)
{
    const char        *error;
    auth_token_str_t   secret;

    error = auth_token_mapping_times(m, root, facts);

    if (error == NULL) {
        error = auth_token_mapping_echo(m, root, vars);
    }

    if (error != NULL) {
        return error;
    }

    secret = vars->token;

    if (m->id == AUTH_TOKEN_ID_TOKEN) {
        /* here the token is no secret but a public id */
        secret.len = 0;
    }

    error = auth_token_mapping_doc(m, root, secret, doc);

    if (error != NULL) {
        return error;
    }

    facts->doc = auth_token_buf_str(doc);

    return auth_token_mapping_id(m, facts->doc, vars);
}


static const char *
auth_token_mapping_times(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_facts_t *facts)
{
    int          present;
    const char  *error;

    error = auth_token_mapping_when(&m->not_before, root, AUTH_TOKEN_ROUND_UP,
                                    &present, &facts->not_before);
    if (error != NULL) {
        return error;
    }

    if (present) {
        facts->flags |= AUTH_TOKEN_RECORD_HAS_NOT_BEFORE;
    }

    error = auth_token_mapping_when(&m->expires_on, root,
                                    AUTH_TOKEN_ROUND_DOWN, &present,
                                    &facts->expires_on);
    if (error != NULL) {
        return error;
    }

    if (present) {
        facts->flags |= AUTH_TOKEN_RECORD_HAS_EXPIRES_ON;
    }

    return NULL;
}


/* some authorities repeat the token that they were asked about */

static const char *
auth_token_mapping_echo(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars)
{
    auth_token_str_t          text;
    auth_token_doc_type_e     type;
    const auth_token_json_t  *v;

    if (m->echo.len == 0) {
        return NULL;
    }

    if (auth_token_json_find(root, m->echo, &v) == AUTH_TOKEN_JSON_WRONG) {
        return "the repeated token is of a wrong type";
    }

    type = auth_token_json_type(v);

    if (type == AUTH_TOKEN_DOC_ABSENT || type == AUTH_TOKEN_DOC_NULL) {
        return NULL;
    }

    if (type != AUTH_TOKEN_DOC_STRING) {
        return "the repeated token is of a wrong type";
    }

    text = auth_token_json_string(v);

    return auth_token_str_eq(&text, &vars->token)
           ? NULL : "the answer is about another token";
}


static const char *
auth_token_mapping_id(const auth_token_mapping_t *m, auth_token_str_t doc,
    const auth_token_vars_t *vars)
{
    auth_token_str_t        asked;
    auth_token_doc_value_t  id;

    id = auth_token_doc_member(auth_token_doc_root(doc),
                               auth_token_mapping_id_name);

    if (id.type == AUTH_TOKEN_DOC_ABSENT && m->id == AUTH_TOKEN_ID_ANY) {
        return NULL;
    }

    if (id.type != AUTH_TOKEN_DOC_STRING
        || (id.bytes.len == 0 && auth_token_mapping_needs_id(m)))
    {
        return "the token's id is missing or of a wrong type";
    }

    if (m->id_syntax.max != 0
        && !auth_token_syntax_ok(&m->id_syntax, id.bytes))
    {
        return "the token's id has a wrong form";
    }

    switch (m->id) {

    case AUTH_TOKEN_ID_ANY:
        return NULL;

    case AUTH_TOKEN_ID_TOKEN:
        asked = vars->token;
        break;

    default: /* AUTH_TOKEN_ID_EARLIER */
        asked = auth_token_template_value(auth_token_mapping_id_name, vars);
    }

    if (!auth_token_str_eq(&id.bytes, &asked)) {
        return "the answer is about another id";
    }

    return NULL;
}


/* nothing can be asked by an empty id, nor be compared with it */

static int
auth_token_mapping_needs_id(const auth_token_mapping_t *m)
{
    size_t  i;

    if (m->id != AUTH_TOKEN_ID_ANY) {
        return 1;
    }

    for (i = 0; i < m->nfields; i++) {
        if (auth_token_str_eq(&m->fields[i].name,
                              &auth_token_mapping_id_name))
        {
            return m->fields[i].required;
        }
    }

    return 0;
}


static const char *
auth_token_mapping_record(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_facts_t *facts,
    auth_token_buf_t *record)
{
    const char         *error;
    auth_token_sets_t   allow, deny;

    memset(&allow, 0, sizeof(auth_token_sets_t));
    memset(&deny, 0, sizeof(auth_token_sets_t));

    error = auth_token_mapping_sets(m, root, &allow, &deny);

    if (error == NULL) {
        facts->nallow = allow.n;
        facts->ndeny = deny.n;
        memcpy(facts->allow, allow.set, sizeof(allow.set));
        memcpy(facts->deny, deny.set, sizeof(deny.set));

        if (auth_token_record_build(facts, record) != 0) {
            error = "the answer holds too much to be kept";
        }
    }

    auth_token_sets_free(&allow);
    auth_token_sets_free(&deny);

    return error;
}


static const char *
auth_token_mapping_sets(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_sets_t *allow,
    auth_token_sets_t *deny)
{
    int          nobody;
    size_t       i;
    const char  *error;

    error = auth_token_mapping_closed(m, root, &nobody);

    for (i = 0; error == NULL && i < m->nallow; i++) {
        error = auth_token_sets_read(allow, &m->allow[i], root);
    }

    for (i = 0; error == NULL && i < m->ndeny; i++) {
        error = auth_token_sets_read(deny, &m->deny[i], root);
    }

    if (error == NULL && nobody) {
        error = auth_token_sets_nobody(allow);
    }

    return error;
}
