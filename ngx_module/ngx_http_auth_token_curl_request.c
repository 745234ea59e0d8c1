
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The request of a transfer, as libcurl borrows it: one piece of memory that
 * holds the URL, the header list and the body, and is wiped as a whole.
 * libcurl itself copies the URL and builds the head in memory of its own,
 * which cannot be wiped.
 */

#include "ngx_http_auth_token_curl_transfer.h"


/* where a URL's authority stands */

typedef struct {
    u_char    *start;
    u_char    *host_end;      /* before ":" of the port, or end */
    u_char    *end;
} ngx_http_auth_token_curl_host_t;


static ngx_int_t ngx_http_auth_token_curl_request_check(char *s);
static ngx_int_t ngx_http_auth_token_curl_request_host(
    ngx_http_auth_token_transfer_t *t, char *url,
    ngx_http_auth_token_curl_host_t *host);
static ngx_uint_t ngx_http_auth_token_curl_request_has_host(char **headers);
static u_char *ngx_http_auth_token_curl_request_rename(
    ngx_http_auth_token_transfer_t *t, ngx_http_auth_token_curl_host_t *host,
    struct curl_slist *node, u_char *p);


ngx_int_t
ngx_http_auth_token_curl_request_create(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_send_t *send)
{
    size_t                            len, size;
    u_char                           *p;
    ngx_str_t                        *name;
    ngx_uint_t                        i, n;
    struct curl_slist                *node;
    ngx_http_auth_token_curl_host_t   host;

    name = &t->hub->reach->ssl_name;

    if (ngx_http_auth_token_curl_request_check(send->method) != NGX_OK
        || ngx_http_auth_token_curl_request_host(t, send->url, &host) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* strings with the zero, and what a renamed host adds at most */

    len = ngx_strlen(send->url);
    size = ngx_strlen(send->method) + 1 + len + 1 + send->body_len + 1
           + sizeof("Expect:");

    if (name->len) {
        size += name->len + sizeof("Host: ") + sizeof("::") + 2 * len
                + sizeof(":65535");
    }

    for (n = 0; send->headers && send->headers[n]; n++) {
        if (ngx_http_auth_token_curl_request_check(send->headers[n])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        size += ngx_strlen(send->headers[n]) + 1;
    }

    size += (n + 3) * sizeof(struct curl_slist);

    t->memory = ngx_calloc(size, ngx_cycle->log);
    if (t->memory == NULL) {
        return NGX_ERROR;
    }

    t->size = size;

    /* Expect, Host, connect_to, and those of the caller */

    node = (struct curl_slist *) t->memory;
    p = (u_char *) (node + n + 3);

    t->headers = node;

    /* 100 ms and more are lost if the authority does not answer a 100 */
    node->data = (char *) p;
    p = ngx_cpymem(p, "Expect:", sizeof("Expect:"));

    for (i = 0; i < n; i++) {
        node[i].next = &node[i + 1];
        node[i + 1].data = (char *) p;
        p = ngx_cpymem(p, send->headers[i], ngx_strlen(send->headers[i]) + 1);
    }

    t->method = (char *) p;
    p = ngx_cpymem(p, send->method, ngx_strlen(send->method) + 1);

    if (send->body) {
        t->body = p;
        t->body_len = send->body_len;
        p = ngx_cpymem(p, send->body, send->body_len);
        *p++ = '\0';
    }

    t->idempotent = (ngx_strcmp(send->method, "GET") == 0
                     && send->body == NULL);

    t->url = (char *) p;

    if (name->len == 0 || !t->https) {
        ngx_memcpy(p, send->url, len);
        return NGX_OK;
    }

    p = ngx_http_auth_token_curl_request_rename(t, &host, &node[n + 1],
                                                p);

    if (!ngx_http_auth_token_curl_request_has_host(send->headers)) {
        node[n].next = &node[n + 2];
        node[n + 2].data = (char *) p;
        p = ngx_cpymem(p, "Host: ", sizeof("Host: ") - 1);
        ngx_memcpy(p, host.start, host.end - host.start);
    }

    return NGX_OK;
}


/*
 * Another name for TLS than the URL's: libcurl takes both the SNI and the
 * name to verify from the URL.  So the URL names what the certificate shall
 * name, CONNECT_TO says where that is, and Host what was meant.
 */

static u_char *
ngx_http_auth_token_curl_request_rename(ngx_http_auth_token_transfer_t *t,
    ngx_http_auth_token_curl_host_t *host, struct curl_slist *node, u_char *p)
{
    ngx_str_t  *name;

    name = &t->hub->reach->ssl_name;

    p = ngx_cpymem(p, "https://", sizeof("https://") - 1);
    p = ngx_cpymem(p, name->data, name->len);
    p = ngx_cpymem(p, host->host_end, ngx_strlen(host->host_end) + 1);

    t->connect_to = node;
    node->data = (char *) p;

    p = ngx_cpymem(p, "::", 2);
    p = ngx_cpymem(p, host->start, host->end - host->start);

    if (host->host_end == host->end) {
        *p++ = ':';
    }

    *p++ = '\0';

    return p;
}


/* no byte that could end a line, or that has no place in one */

static ngx_int_t
ngx_http_auth_token_curl_request_check(char *s)
{
    u_char  *p;

    for (p = (u_char *) s; *p; p++) {
        if ((*p < 0x20 && *p != '\t') || *p == 0x7f) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_request_host(ngx_http_auth_token_transfer_t *t,
    char *url, ngx_http_auth_token_curl_host_t *host)
{
    u_char  *p;

    p = (u_char *) url;

    if (ngx_strncasecmp(p, (u_char *) "https://", 8) == 0) {
        t->https = 1;
        p += 8;

    } else if (ngx_strncasecmp(p, (u_char *) "http://", 7) == 0) {
        p += 7;

    } else {
        return NGX_ERROR;
    }

    host->start = p;
    host->host_end = NULL;

    for ( /* void */ ; *p && *p != '/' && *p != '?' && *p != '#'; p++) {

        switch (*p) {

        case ']':
            host->host_end = NULL;
            break;

        case ':':
            host->host_end = p;
            break;

        case '@':
        case '\\':
            return NGX_ERROR;
        }
    }

    host->end = p;

    if (host->host_end == NULL) {
        host->host_end = p;
    }

    if (host->host_end == host->start) {
        return NGX_ERROR;
    }

    t->numeric = (*host->start == '['
                  || ngx_inet_addr(host->start, host->host_end - host->start)
                     != INADDR_NONE);

    for (p = (u_char *) url; *p; p++) {
        if (*p <= ' ' || *p == 0x7f) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_token_curl_request_has_host(char **headers)
{
    ngx_uint_t  i;

    for (i = 0; headers && headers[i]; i++) {
        if (ngx_strncasecmp((u_char *) headers[i], (u_char *) "Host:", 5) == 0)
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_auth_token_curl_request_wipe(ngx_http_auth_token_transfer_t *t)
{
    if (t->memory) {
        ngx_explicit_memzero(t->memory, t->size);
        ngx_free(t->memory);
        t->memory = NULL;
    }
}
