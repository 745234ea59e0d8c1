/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Policies.  Whatever is not understood in any of them is an error of the
 * whole: it might have been a deny.
 */


#include "auth_token_policy.h"


static auth_token_truth_e auth_token_policy_applies(
    auth_token_doc_value_t policy, const auth_token_requirement_t *req,
    int deny);
static int auth_token_policy_effect(auth_token_doc_value_t policy);
static auth_token_truth_e auth_token_policy_groups(
    auth_token_doc_value_t groups, auth_token_str_t wanted);
static auth_token_truth_e auth_token_policy_group(
    auth_token_doc_value_t group, auth_token_str_t wanted);
static auth_token_truth_e auth_token_policy_resources(
    auth_token_doc_value_t resources, const auth_token_requirement_t *req,
    int deny);
static auth_token_truth_e auth_token_policy_nested(
    auth_token_doc_value_t resources, const auth_token_requirement_t *req,
    int deny);
static int auth_token_policy_whole(auth_token_doc_value_t v);
static int auth_token_policy_covers(auth_token_str_t name,
    auth_token_str_t wanted, int any, int deny);
static int auth_token_policy_covers_one(auth_token_str_t name,
    auth_token_str_t wanted);
static int auth_token_policy_touches(auth_token_str_t name,
    auth_token_str_t wanted);


static const auth_token_str_t  auth_token_policy_effect_name =
    auth_token_str("effect");
static const auth_token_str_t  auth_token_policy_groups_name =
    auth_token_str("permission_groups");
static const auth_token_str_t  auth_token_policy_resources_name =
    auth_token_str("resources");
static const auth_token_str_t  auth_token_policy_id_name =
    auth_token_str("id");
static const auth_token_str_t  auth_token_policy_name_name =
    auth_token_str("name");


auth_token_truth_e
auth_token_policy_eval(auth_token_doc_value_t policies,
    const auth_token_requirement_t *req)
{
    int                     deny, denied, allowed;
    auth_token_str_t        key;
    auth_token_truth_e      truth;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  policy;

    if (policies.type != AUTH_TOKEN_DOC_ARRAY
        || req->value.len == 0
        || (req->resource.len == 0 && !req->any_resource)
        || (req->parent.len == 0 && !req->any_parent)
        || (req->any_resource && !req->any_parent))
    {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    denied = 0;
    allowed = 0;

    auth_token_doc_iter(&it, policies);

    while (auth_token_doc_next(&it, &key, &policy)) {

        deny = auth_token_policy_effect(policy);

        if (deny < 0) {
            return AUTH_TOKEN_TRUTH_ERROR;
        }

        truth = auth_token_policy_applies(policy, req, deny);

        if (truth == AUTH_TOKEN_TRUTH_ERROR) {
            return truth;
        }

        if (truth == AUTH_TOKEN_TRUTH_TRUE) {
            denied |= deny;
            allowed |= !deny;
        }
    }

    if (it.rest.len != 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    return (allowed && !denied) ? AUTH_TOKEN_TRUTH_TRUE
                                : AUTH_TOKEN_TRUTH_FALSE;
}


static auth_token_truth_e
auth_token_policy_applies(auth_token_doc_value_t policy,
    const auth_token_requirement_t *req, int deny)
{
    auth_token_truth_e  groups, resources;

    groups = auth_token_policy_groups(
                 auth_token_doc_member(policy, auth_token_policy_groups_name),
                 req->value);

    resources = auth_token_policy_resources(
                 auth_token_doc_member(policy,
                                       auth_token_policy_resources_name),
                 req, deny);

    /* ERROR is less than FALSE, which is less than TRUE */

    return (groups < resources) ? groups : resources;
}


/* 1: deny, 0: allow, -1: neither */

static int
auth_token_policy_effect(auth_token_doc_value_t policy)
{
    auth_token_doc_value_t  effect;

    effect = auth_token_doc_member(policy, auth_token_policy_effect_name);

    if (effect.type != AUTH_TOKEN_DOC_STRING) {
        return -1;
    }

    if (auth_token_str_eq_lit(&effect.bytes, "deny")) {
        return 1;
    }

    return auth_token_str_eq_lit(&effect.bytes, "allow") ? 0 : -1;
}


static auth_token_truth_e
auth_token_policy_groups(auth_token_doc_value_t groups,
    auth_token_str_t wanted)
{
    auth_token_str_t        key;
    auth_token_truth_e      truth, found;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  group;

    if (groups.type != AUTH_TOKEN_DOC_ARRAY) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    found = AUTH_TOKEN_TRUTH_FALSE;

    auth_token_doc_iter(&it, groups);

    while (auth_token_doc_next(&it, &key, &group)) {

        truth = auth_token_policy_group(group, wanted);

        if (truth == AUTH_TOKEN_TRUTH_ERROR) {
            return truth;
        }

        if (truth == AUTH_TOKEN_TRUTH_TRUE) {
            found = truth;
        }
    }

    return (it.rest.len == 0) ? found : AUTH_TOKEN_TRUTH_ERROR;
}


static auth_token_truth_e
auth_token_policy_group(auth_token_doc_value_t group,
    auth_token_str_t wanted)
{
    auth_token_doc_value_t  id, name;

    id = auth_token_doc_member(group, auth_token_policy_id_name);
    name = auth_token_doc_member(group, auth_token_policy_name_name);

    if (id.type != AUTH_TOKEN_DOC_STRING) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    if (auth_token_str_eq(&id.bytes, &wanted)) {
        return AUTH_TOKEN_TRUTH_TRUE;
    }

    switch (name.type) {

    case AUTH_TOKEN_DOC_ABSENT:
    case AUTH_TOKEN_DOC_NULL:
        return AUTH_TOKEN_TRUTH_FALSE;

    case AUTH_TOKEN_DOC_STRING:
        return auth_token_str_eq(&name.bytes, &wanted)
               ? AUTH_TOKEN_TRUTH_TRUE : AUTH_TOKEN_TRUTH_FALSE;

    default:
        return AUTH_TOKEN_TRUTH_ERROR;
    }
}


/*
 * {"name": "*"} or {"account": {"name": "*"}}.  Any resource will do for an
 * allow without one; a deny without one holds whatever its resources are.
 */

static auth_token_truth_e
auth_token_policy_resources(auth_token_doc_value_t resources,
    const auth_token_requirement_t *req, int deny)
{
    int                     covered;
    auth_token_str_t        name;
    auth_token_truth_e      truth;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  v;

    if (resources.type != AUTH_TOKEN_DOC_OBJECT) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    covered = (deny && req->any_resource);

    auth_token_doc_iter(&it, resources);

    while (auth_token_doc_next(&it, &name, &v)) {

        if (v.type != AUTH_TOKEN_DOC_OBJECT) {

            if (!auth_token_policy_whole(v)) {
                return AUTH_TOKEN_TRUTH_ERROR;
            }

            covered |= auth_token_policy_covers(name, req->resource,
                                                req->any_resource, deny);

            /* what denies the account may mean all that is in it */

            covered |= deny && !req->any_parent
                       && auth_token_policy_covers(name, req->parent, 0, 1);
            continue;
        }

        truth = auth_token_policy_nested(v, req, deny);

        if (truth == AUTH_TOKEN_TRUTH_ERROR) {
            return truth;
        }

        if (truth == AUTH_TOKEN_TRUTH_TRUE) {
            covered |= auth_token_policy_covers(name, req->parent,
                                                req->any_parent, deny);
        }
    }

    if (it.rest.len != 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    return covered ? AUTH_TOKEN_TRUTH_TRUE : AUTH_TOKEN_TRUTH_FALSE;
}


static auth_token_truth_e
auth_token_policy_nested(auth_token_doc_value_t resources,
    const auth_token_requirement_t *req, int deny)
{
    int                     covered;
    auth_token_str_t        name;
    auth_token_doc_iter_t   it;
    auth_token_doc_value_t  v;

    covered = 0;

    auth_token_doc_iter(&it, resources);

    while (auth_token_doc_next(&it, &name, &v)) {

        if (!auth_token_policy_whole(v)) {
            return AUTH_TOKEN_TRUTH_ERROR;
        }

        covered |= auth_token_policy_covers(name, req->resource,
                                            req->any_resource, deny);
    }

    if (it.rest.len != 0) {
        return AUTH_TOKEN_TRUTH_ERROR;
    }

    return covered ? AUTH_TOKEN_TRUTH_TRUE : AUTH_TOKEN_TRUTH_FALSE;
}


/* "*" is the only value there is: all of the resource */

static int
auth_token_policy_whole(auth_token_doc_value_t v)
{
    return v.type == AUTH_TOKEN_DOC_STRING
           && auth_token_str_eq_lit(&v.bytes, "*");
}


static int
auth_token_policy_covers(auth_token_str_t name, auth_token_str_t wanted,
    int any, int deny)
{
    if (any) {
        return 1;
    }

    if (deny) {
        return auth_token_policy_touches(name, wanted)
               || auth_token_policy_touches(wanted, name);
    }

    return auth_token_policy_covers_one(name, wanted);
}


/*
 * For an allow: "account.*" is every account, but not "account.zone.x", which
 * is of another type; a "*" elsewhere is no wildcard.
 */

static int
auth_token_policy_covers_one(auth_token_str_t name, auth_token_str_t wanted)
{
    size_t  prefix;

    if (auth_token_str_eq(&name, &wanted)) {
        return 1;
    }

    if (name.len < 2 || memcmp(name.data + name.len - 2, ".*", 2) != 0) {
        return 0;
    }

    prefix = name.len - 1;

    return wanted.len > prefix
           && memcmp(wanted.data, name.data, prefix) == 0
           && memchr(wanted.data + prefix, '.', wanted.len - prefix) == NULL;
}


/* for a deny: in doubt it applies, so "*" stands for anything to the end */

static int
auth_token_policy_touches(auth_token_str_t name, auth_token_str_t wanted)
{
    size_t          prefix;
    unsigned char  *star;

    if (name.len == 0) {
        return wanted.len == 0;
    }

    star = memchr(name.data, '*', name.len);

    if (star == NULL) {
        return auth_token_str_eq(&name, &wanted);
    }

    prefix = (size_t) (star - name.data);

    return wanted.len >= prefix
           && memcmp(wanted.data, name.data, prefix) == 0;
}
