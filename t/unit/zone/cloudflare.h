/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Records as Cloudflare's answers give them: what verify says, and the details
 * of a token with four ranges and one policy.
 */


#ifndef _CLOUDFLARE_H_INCLUDED_
#define _CLOUDFLARE_H_INCLUDED_


#include "zone.h"


#define CLOUDFLARE_ID_LEN  32


static inline void
cloudflare_string(auth_token_buf_t *b, const char *s)
{
    auth_token_doc_add_string(b, s, strlen(s));
}


static inline void
cloudflare_member(auth_token_buf_t *b, const char *name, const char *value)
{
    auth_token_doc_add_key(b, name, strlen(name));
    cloudflare_string(b, value);
}


/* the n-th identifier, 32 hex digits */

static inline void
cloudflare_id(auth_token_buf_t *b, const char *name, uint64_t n)
{
    char  text[CLOUDFLARE_ID_LEN + 1];

    n = (n + 1) * 0x9e3779b97f4a7c15;

    snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long) n,
             (unsigned long long) (n * 0xbf58476d1ce4e5b9));

    cloudflare_member(b, name, text);
}


static inline void
cloudflare_policies(auth_token_buf_t *b, int n)
{
    int64_t  list, policy, groups, group, resources;

    auth_token_doc_add_key(b, "policies", 8);
    list = auth_token_doc_open(b, AUTH_TOKEN_DOC_ARRAY);
    policy = auth_token_doc_open(b, AUTH_TOKEN_DOC_OBJECT);

    cloudflare_id(b, "id", (uint64_t) n * 3 + 1);
    cloudflare_member(b, "effect", "allow");

    auth_token_doc_add_key(b, "resources", 9);
    resources = auth_token_doc_open(b, AUTH_TOKEN_DOC_OBJECT);
    cloudflare_member(b, "com.cloudflare.api.account.zone."
                      "eb78d65290b24279ba6f44721b3ea3c4", "*");
    auth_token_doc_close(b, resources);

    auth_token_doc_add_key(b, "permission_groups", 17);
    groups = auth_token_doc_open(b, AUTH_TOKEN_DOC_ARRAY);
    group = auth_token_doc_open(b, AUTH_TOKEN_DOC_OBJECT);
    cloudflare_id(b, "id", (uint64_t) n * 3 + 2);
    cloudflare_member(b, "name", "Zone Read");
    auth_token_doc_close(b, group);
    auth_token_doc_close(b, groups);

    auth_token_doc_close(b, policy);
    auth_token_doc_close(b, list);
}


/* the n-th token; "details" with "ncidrs" ranges, else what verify says */

static inline auth_token_str_t
cloudflare_record(int n, int details, size_t ncidrs)
{
    int64_t           mark;
    auth_token_buf_t  doc;

    auth_token_buf_init(&doc, 65536);
    mark = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_OBJECT);

    cloudflare_id(&doc, "id", (uint64_t) n * 3);

    if (details) {
        cloudflare_member(&doc, "name", "readonly token");
    }

    cloudflare_member(&doc, "status", "active");

    if (details) {
        cloudflare_policies(&doc, n);
        cloudflare_member(&doc, "issued_on", "2018-07-01T05:20:00Z");
        cloudflare_member(&doc, "modified_on", "2018-07-02T05:20:00Z");
        cloudflare_member(&doc, "last_used_on", "2020-01-02T12:34:00Z");
    }

    auth_token_doc_close(&doc, mark);

    return zone_record_of(auth_token_buf_str(&doc), ncidrs);
}


#endif /* _CLOUDFLARE_H_INCLUDED_ */
