/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Rule 4: finds what a requirement speaks of, and turns the outcome into a
 * result.  Scopes, audience and issuer are judged here, the rest next door.
 */


#include "auth_token_claim.h"
#include "auth_token_policy.h"
#include "auth_token_require.h"


/* what a requirement is evaluated on */

typedef struct {
    const auth_token_record_t *const  *records;
    size_t                             n;
    int64_t                            now;
} auth_token_require_facts_t;


static int auth_token_require_readable(
    const auth_token_require_facts_t *facts);
static auth_token_truth_e auth_token_require_truth(
    const auth_token_requirement_t *req,
    const auth_token_require_facts_t *facts);
static auth_token_doc_value_t auth_token_require_find(
    const auth_token_require_facts_t *facts, auth_token_str_t pointer);
static auth_token_doc_value_t auth_token_require_scopes(
    const auth_token_require_facts_t *facts);
static auth_token_truth_e auth_token_require_scope(
    auth_token_doc_value_t scopes, auth_token_str_t wanted, int any);
static auth_token_truth_e auth_token_require_granted(
    auth_token_doc_value_t scopes, auth_token_str_t scope);
static auth_token_truth_e auth_token_require_audience(
    auth_token_doc_value_t aud, auth_token_str_t wanted);
static auth_token_truth_e auth_token_require_same(
    auth_token_doc_value_t v, auth_token_str_t wanted);
static auth_token_truth_e auth_token_require_listed(
    auth_token_doc_value_t list, auth_token_str_t wanted);
static int auth_token_require_word(auth_token_str_t *rest,
    auth_token_str_t *word);


static const auth_token_str_t  auth_token_require_policies =
    auth_token_str("/policies");
static const auth_token_str_t  auth_token_require_scope_name =
    auth_token_str("scope");
static const auth_token_str_t  auth_token_require_scopes_name =
    auth_token_str("scopes");
static const auth_token_str_t  auth_token_require_aud =
    auth_token_str("/aud");
static const auth_token_str_t  auth_token_require_iss =
    auth_token_str("/iss");
static const auth_token_str_t  auth_token_require_auth_time =
    auth_token_str("/auth_time");


auth_token_require_e
auth_token_require_eval(const auth_token_requirement_t *req,
    const auth_token_record_t *const *records, size_t n, int64_t now)
{
    auth_token_truth_e          truth, wanted;
    auth_token_require_facts_t  facts;

    facts.records = records;
    facts.n = n;
    facts.now = now;

    /* "not present" must not hold of what cannot be read */

    if (!auth_token_require_readable(&facts)) {
        return AUTH_TOKEN_REQUIRE_INSUFFICIENT;
    }

    truth = auth_token_require_truth(req, &facts);
    wanted = req->negate ? AUTH_TOKEN_TRUTH_FALSE : AUTH_TOKEN_TRUTH_TRUE;

    if (truth == wanted) {
        return AUTH_TOKEN_REQUIRE_MET;
    }

    if (req->kind == AUTH_TOKEN_REQUIRE_AUDIENCE
        || req->kind == AUTH_TOKEN_REQUIRE_ISSUER)
    {
        return AUTH_TOKEN_REQUIRE_FOREIGN;
    }

    return AUTH_TOKEN_REQUIRE_INSUFFICIENT;
}


static int
auth_token_require_readable(const auth_token_require_facts_t *facts)
{
    size_t                      i;
    auth_token_doc_value_t      v;
    const auth_token_record_t  *r;

    for (i = 0; i < facts->n; i++) {
        r = facts->records[i];

        if (r == NULL || r->magic != AUTH_TOKEN_RECORD_MAGIC) {
            return 0;
        }

        v = auth_token_doc_root(auth_token_record_doc(r));

        if (v.type != AUTH_TOKEN_DOC_OBJECT) {
            return 0;
        }
    }

    return facts->n != 0;
}


static auth_token_truth_e
auth_token_require_truth(const auth_token_requirement_t *req,
    const auth_token_require_facts_t *facts)
{
    auth_token_doc_value_t  v;

    switch (req->kind) {

    case AUTH_TOKEN_REQUIRE_PERMISSION:
        v = auth_token_require_find(facts, auth_token_require_policies);
        return auth_token_policy_eval(v, req);

    case AUTH_TOKEN_REQUIRE_SCOPE:
        v = auth_token_require_scopes(facts);
        return auth_token_require_scope(v, req->value, 0);

    case AUTH_TOKEN_REQUIRE_SCOPE_ANY:
        v = auth_token_require_scopes(facts);
        return auth_token_require_scope(v, req->value, 1);

    case AUTH_TOKEN_REQUIRE_AUDIENCE:
        v = auth_token_require_find(facts, auth_token_require_aud);
        return auth_token_require_audience(v, req->value);

    case AUTH_TOKEN_REQUIRE_ISSUER:
        v = auth_token_require_find(facts, auth_token_require_iss);
        return auth_token_require_same(v, req->value);

    case AUTH_TOKEN_REQUIRE_MAX_AGE:
        v = auth_token_require_find(facts, auth_token_require_auth_time);
        return auth_token_claim_age(v, req->value, facts->now);

    case AUTH_TOKEN_REQUIRE_CLAIM:
        v = auth_token_require_find(facts, req->pointer);
        return auth_token_claim_eval(v, req);

    default:
        return AUTH_TOKEN_TRUTH_ERROR;
    }
}


/* the later record that has it: details speak more fully than a first step */

static auth_token_doc_value_t
auth_token_require_find(const auth_token_require_facts_t *facts,
    auth_token_str_t pointer)
{
    size_t                  i;
    auth_token_doc_value_t  v;

    i = facts->n;

    do {
        i--;

        v = auth_token_doc_root(auth_token_record_doc(facts->records[i]));
        v = auth_token_doc_pointer(v, pointer);

    } while (v.type == AUTH_TOKEN_DOC_ABSENT && i != 0);

    return v;
}


static auth_token_doc_value_t
auth_token_require_scopes(const auth_token_require_facts_t *facts)
{
    size_t                  i;
    auth_token_doc_value_t  v, root;

    i = facts->n;

    do {
        i--;

        root = auth_token_doc_root(auth_token_record_doc(facts->records[i]));
        v = auth_token_doc_member(root, auth_token_require_scope_name);

        if (v.type == AUTH_TOKEN_DOC_ABSENT) {
            v = auth_token_doc_member(root, auth_token_require_scopes_name);
        }

    } while (v.type == AUTH_TOKEN_DOC_ABSENT && i != 0);

    return v;
}


/* every word is looked at, so that an error in a later one is seen */

static auth_token_truth_e
auth_token_require_scope(auth_token_doc_value_t scopes,
    auth_token_str_t wanted, int any)
{
    size_t              words, granted;
    auth_token_str_t    word;
    auth_token_truth_e  truth;

    words = 0;
    granted = 0;

    /* "read $more" with an empty variable must not pass for "read" */

    if (wanted.len == 0 || wanted.data[wanted.len - 1] == ' ') {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    while (auth_token_require_word(&wanted, &word)) {
        truth = auth_token_require_granted(scopes, word);

        if (truth == AUTH_TOKEN_TRUTH_ERROR) {
            return truth;
        }

        words++;
        granted += (truth == AUTH_TOKEN_TRUTH_TRUE);
    }

    return (granted == words || (any && granted != 0))
           ? AUTH_TOKEN_TRUTH_TRUE : AUTH_TOKEN_TRUTH_FALSE;
}


static auth_token_truth_e
auth_token_require_granted(auth_token_doc_value_t scopes,
    auth_token_str_t scope)
{
    auth_token_str_t  word;

    if (scope.len == 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    if (scopes.type != AUTH_TOKEN_DOC_STRING) {
        return auth_token_require_listed(scopes, scope);
    }

    while (auth_token_require_word(&scopes.bytes, &word)) {

        if (auth_token_str_eq(&word, &scope)) {
            return AUTH_TOKEN_TRUTH_TRUE;
        }
    }

    return AUTH_TOKEN_TRUTH_FALSE;
}


static auth_token_truth_e
auth_token_require_audience(auth_token_doc_value_t aud,
    auth_token_str_t wanted)
{
    if (wanted.len == 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    if (aud.type == AUTH_TOKEN_DOC_STRING) {
        return auth_token_require_same(aud, wanted);
    }

    return auth_token_require_listed(aud, wanted);
}


static auth_token_truth_e
auth_token_require_same(auth_token_doc_value_t v, auth_token_str_t wanted)
{
    if (wanted.len == 0 || v.type != AUTH_TOKEN_DOC_STRING) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    return auth_token_str_eq(&v.bytes, &wanted) ? AUTH_TOKEN_TRUTH_TRUE
                                                  : AUTH_TOKEN_TRUTH_FALSE;
}


/* an array of strings; one element that is none spoils all of it */

static auth_token_truth_e
auth_token_require_listed(auth_token_doc_value_t list,
    auth_token_str_t wanted)
{
    auth_token_str_t        key;
    auth_token_truth_e      truth;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  member;

    if (list.type != AUTH_TOKEN_DOC_ARRAY) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    truth = AUTH_TOKEN_TRUTH_FALSE;

    auth_token_doc_iter(&it, list);

    while (auth_token_doc_next(&it, &key, &member)) {

        if (member.type != AUTH_TOKEN_DOC_STRING) {
            return AUTH_TOKEN_TRUTH_ERROR;
        }

        if (auth_token_str_eq(&member.bytes, &wanted)) {
            truth = AUTH_TOKEN_TRUTH_TRUE;
        }
    }

    return (it.rest.len == 0) ? truth : AUTH_TOKEN_TRUTH_ERROR;
}


/*
 * Takes a word and the space after it, if any; 0 at the end.  Two spaces have
 * an empty word between them.
 */

static int
auth_token_require_word(auth_token_str_t *rest, auth_token_str_t *word)
{
    unsigned char  *space;

    if (rest->len == 0) {
        return 0;
    }

    *word = *rest;

    space = memchr(rest->data, ' ', rest->len);

    if (space == NULL) {
        rest->data += rest->len;
        rest->len = 0;
        return 1;
    }

    word->len = (size_t) (space - rest->data);

    rest->data += word->len + 1;
    rest->len -= word->len + 1;

    return 1;
}
