
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What libcurl is told for a transfer, and what its errors are called.  All
 * that it would take from the environment or do of its own accord is off.
 */

#include "ngx_http_auth_token_curl_transfer.h"
#include "ngx_http_auth_token_peer.h"
#include "ngx_http_auth_token_tls.h"


/* an idle connection is dropped before common servers would do it */
#define NGX_HTTP_AUTH_TOKEN_CURL_MAX_IDLE  60
/* seconds; then the name is resolved anew */
#define NGX_HTTP_AUTH_TOKEN_CURL_MAX_LIFE  300


typedef struct {
    CURLoption   option;
    long         value;
} ngx_http_auth_token_curl_number_t;


typedef struct {
    CURLcode     code;
    ngx_uint_t   again;
    const char  *text;
} ngx_http_auth_token_curl_text_t;


static ngx_int_t ngx_http_auth_token_curl_option_callbacks(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_option_way(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_option_tls(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_option_data(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_option_request(
    ngx_http_auth_token_transfer_t *t);
static ngx_int_t ngx_http_auth_token_curl_option_string(CURL *easy,
    CURLoption option, ngx_str_t *s);
static CURLcode ngx_http_auth_token_curl_option_ssl_ctx(CURL *easy, void *ctx,
    void *data);
static size_t ngx_http_auth_token_curl_option_head(char *p, size_t size,
    size_t n, void *data);
static size_t ngx_http_auth_token_curl_option_body(char *p, size_t size,
    size_t n, void *data);


static const ngx_http_auth_token_curl_number_t
    ngx_http_auth_token_curl_option_numbers[] =
{
    /* no signals, and no wait for a thread that resolves a name */
    { CURLOPT_NOSIGNAL, 1 },
#if (LIBCURL_VERSION_NUM >= 0x075700)
    { CURLOPT_QUICK_EXIT, 1 },
#endif

    /* what was asked, as it was asked, and nothing else */
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
    { CURLOPT_PATH_AS_IS, 1 },
    { CURLOPT_HTTP09_ALLOWED, 0 },
    { CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
    { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
    { CURLOPT_HEADER, 0 },
    { CURLOPT_NOPROGRESS, 1 },

    { CURLOPT_TCP_NODELAY, 1 },
    { CURLOPT_TCP_KEEPALIVE, 1 },
    { CURLOPT_DNS_CACHE_TIMEOUT, 60 },
    { CURLOPT_MAXAGE_CONN, NGX_HTTP_AUTH_TOKEN_CURL_MAX_IDLE },
#if (LIBCURL_VERSION_NUM >= 0x075000)
    { CURLOPT_MAXLIFETIME_CONN, NGX_HTTP_AUTH_TOKEN_CURL_MAX_LIFE },
#endif

    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },

    /*
     * Each connection is a whole handshake, in which the certificate is
     * verified as of now.  Besides, libcurl 7.88 frees the name of a session
     * twice if it has no memory to keep the rest of it.
     */
    { CURLOPT_SSL_SESSIONID_CACHE, 0 },

    { CURLOPT_LASTENTRY, 0 }
};


static const ngx_http_auth_token_curl_text_t
    ngx_http_auth_token_curl_option_texts[] =
{
    { CURLE_COULDNT_RESOLVE_HOST, 1, "could not resolve the host name" },
    { CURLE_COULDNT_RESOLVE_PROXY, 0, "could not resolve the proxy's name" },
    { CURLE_COULDNT_CONNECT, 1, "could not connect" },
    { CURLE_OPERATION_TIMEDOUT, 1, "timed out" },
    { CURLE_SSL_CONNECT_ERROR, 1, "TLS handshake failed" },
    { CURLE_PEER_FAILED_VERIFICATION, 1, "certificate verification failed" },
    { CURLE_SSL_CERTPROBLEM, 0, "client certificate was not accepted" },
    { CURLE_ABORTED_BY_CALLBACK, 0, "TLS set-up failed" },
    { CURLE_FILESIZE_EXCEEDED, 0, "answer is too large" },
#if (LIBCURL_VERSION_NUM >= 0x080600)
    { CURLE_TOO_LARGE, 0, "answer is too large" },
#endif
    { CURLE_PARTIAL_FILE, 1, "answer was cut short" },
    { CURLE_GOT_NOTHING, 1, "connection was closed without an answer" },
    { CURLE_SEND_ERROR, 1, "connection was lost while sending" },
    { CURLE_RECV_ERROR, 1, "connection was lost while reading" },
    { CURLE_HTTP2, 1, "HTTP/2 connection failed" },
    { CURLE_HTTP2_STREAM, 1, "HTTP/2 stream was reset" },
    { CURLE_WEIRD_SERVER_REPLY, 0, "answer is not HTTP" },
    { CURLE_UNSUPPORTED_PROTOCOL, 0, "answer is not HTTP" },
    { CURLE_BAD_CONTENT_ENCODING, 0, "answer is not HTTP" },
    { CURLE_FAILED_INIT, 0, "request could not be started" },
    { CURLE_OUT_OF_MEMORY, 0, "out of memory, or a line is too long" },
    { CURLE_OK, 0, NULL }
};


ngx_int_t
ngx_http_auth_token_curl_option_init(ngx_http_auth_token_transfer_t *t)
{
    const ngx_http_auth_token_curl_number_t  *n;

    n = ngx_http_auth_token_curl_option_numbers;

    for ( /* void */ ; n->option != CURLOPT_LASTENTRY; n++) {
        if (curl_easy_setopt(t->easy, n->option, n->value) != CURLE_OK) {
            return NGX_ERROR;
        }
    }

    if (t->hub->names
        && curl_easy_setopt(t->easy, CURLOPT_SHARE, t->hub->names) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_auth_token_curl_option_callbacks(t) != NGX_OK
        || ngx_http_auth_token_curl_option_way(t) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return t->https ? ngx_http_auth_token_curl_option_tls(t) : NGX_OK;
}


ngx_int_t
ngx_http_auth_token_curl_option_set(ngx_http_auth_token_transfer_t *t)
{
    if (ngx_http_auth_token_curl_option_data(t) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_curl_option_request(t);
}


static ngx_int_t
ngx_http_auth_token_curl_option_callbacks(ngx_http_auth_token_transfer_t *t)
{
    CURL      *easy;
    unsigned   failed;

    easy = t->easy;

    /*
     * CLOSESOCKETDATA stays NULL: it is copied to the connection, which
     * outlives the transfer
     */

    failed = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                               ngx_http_auth_token_curl_lane_open);
    failed |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                               ngx_http_auth_token_curl_lane_close);
    failed |= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION,
                               ngx_http_auth_token_curl_name_start);
#if (LIBCURL_VERSION_NUM >= 0x075000)
    failed |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
                               ngx_http_auth_token_curl_guard_prereq);
#endif
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
                               ngx_http_auth_token_curl_option_head);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
                               ngx_http_auth_token_curl_option_body);
    failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT,
                               "ngx_http_auth_token_module/"
                               NGX_HTTP_AUTH_TOKEN_VERSION);

    return failed ? NGX_ERROR : NGX_OK;
}


/* whose transfer it is now, and how much of an answer it takes */

static ngx_int_t
ngx_http_auth_token_curl_option_data(ngx_http_auth_token_transfer_t *t)
{
    CURL        *easy;
    unsigned     failed;
    curl_off_t   max;

    easy = t->easy;
    max = (curl_off_t) t->answer.max_body;

    failed = curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, t);
#if (LIBCURL_VERSION_NUM >= 0x075000)
    failed |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
#endif
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, max);

    return failed ? NGX_ERROR : NGX_OK;
}


/* all that a request is made of, so that nothing is left of the one before */

static ngx_int_t
ngx_http_auth_token_curl_option_request(ngx_http_auth_token_transfer_t *t)
{
    CURL        *easy;
    char        *body;
    unsigned     failed;
    curl_off_t   len;

    easy = t->easy;
    body = NULL;
    len = -1;

    failed = curl_easy_setopt(easy, CURLOPT_URL, t->url);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    failed |= curl_easy_setopt(easy, CURLOPT_RESOLVE, t->hub->resolve);
    failed |= curl_easy_setopt(easy, CURLOPT_CONNECT_TO, t->connect_to);

    if (t->body || ngx_strcmp(t->method, "POST") == 0) {
        body = t->body ? (char *) t->body : "";
        len = (curl_off_t) t->body_len;
    }

    /* POSTFIELDS is borrowed, unlike COPYPOSTFIELDS: it can be wiped */

    failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len);
    failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);

    if (body == NULL) {
        failed |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }

    failed |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);

    return failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_option_way(ngx_http_auth_token_transfer_t *t)
{
    CURL                         *easy;
    long                          version;
    unsigned                      failed;
    ngx_http_auth_token_reach_t  *reach;

    easy = t->easy;
    reach = t->hub->reach;

    /* "" is no proxy, NULL would be the one of the environment */

    failed = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    failed |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    failed |= ngx_http_auth_token_curl_option_string(easy, CURLOPT_PROXY,
                                                     &reach->proxy);
    failed |= ngx_http_auth_token_curl_option_string(easy,
                                                     CURLOPT_UNIX_SOCKET_PATH,
                                                     &reach->unix_socket);

#if (LIBCURL_VERSION_NUM >= 0x075500)
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                               t->https ? "https" : "http");
    failed |= curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                               (long) (t->https ? CURLPROTO_HTTPS
                                                : CURLPROTO_HTTP));
    failed |= curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS,
                               (long) CURLPROTO_HTTPS);
#endif

    /* cleartext HTTP/2 fails on the second request in libcurl 7.88 */

    version = t->https ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;

    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version);
    failed |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long) t->https);

    return failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_option_tls(ngx_http_auth_token_transfer_t *t)
{
    CURL              *easy;
    long               verify;
    unsigned           failed;
    ngx_str_t         *anchor;
    struct curl_blob   blob;

    easy = t->easy;
    verify = t->hub->reach->ssl_verify ? 1 : 0;

    anchor = ngx_http_auth_token_tls_anchor(t->hub->reach);

    if (anchor == NULL) {
        /* not configured for TLS */
        return NGX_ERROR;
    }

    blob.data = anchor->data;
    blob.len = anchor->len;
    blob.flags = CURL_BLOB_NOCOPY;

    /*
     * The store is lent by the callback.  Each handshake would cost 30 ms of
     * CPU more if libcurl read the CA file it was built with, as it does
     * with CAINFO, and with nothing at all in 8.x: it gets one certificate.
     */

    failed = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2 * verify);
    failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);

    if (verify) {
        failed |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }

    failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION,
                               ngx_http_auth_token_curl_option_ssl_ctx);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t->hub->reach);

    return failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_curl_option_string(CURL *easy, CURLoption option,
    ngx_str_t *s)
{
    char        *copy;
    CURLcode     rc;

    if (s->len == 0) {
        return NGX_OK;
    }

    copy = ngx_alloc(s->len + 1, ngx_cycle->log);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(copy, s->data, s->len) = '\0';

    rc = curl_easy_setopt(easy, option, copy);

    ngx_explicit_memzero(copy, s->len);
    ngx_free(copy);

    return rc == CURLE_OK ? NGX_OK : NGX_ERROR;
}


static CURLcode
ngx_http_auth_token_curl_option_ssl_ctx(CURL *easy, void *ctx, void *data)
{
    return ngx_http_auth_token_tls_setup(ctx, data) == NGX_OK
           ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}


static size_t
ngx_http_auth_token_curl_option_head(char *p, size_t size, size_t n, void *data)
{
    ngx_http_auth_token_transfer_t *t = data;

    n *= size;

    /*
     * A server that has the whole request has acknowledged it by the time
     * its answer is here.  What comes sooner is the answer to nothing, or
     * to somebody else's request.
     */

    if (!t->answer.begun && t->slot
        && ngx_http_auth_token_peer_unacked(t->slot) > 0)
    {
        t->early = 1;
        return 0;
    }

    return ngx_http_auth_token_answer_line(&t->answer, (u_char *) p, n)
           == NGX_OK ? n : 0;
}


static size_t
ngx_http_auth_token_curl_option_body(char *p, size_t size, size_t n, void *data)
{
    ngx_http_auth_token_transfer_t *t = data;

    n *= size;

    return ngx_http_auth_token_answer_body(&t->answer, (u_char *) p, n)
           == NGX_OK ? n : 0;
}


const char *
ngx_http_auth_token_curl_option_error(ngx_http_auth_token_transfer_t *t)
{
    ngx_uint_t  i;

    if (t->answer.too_large) {
        return "answer is too large";
    }

    if (t->answer.malformed) {
        return "answer is not HTTP";
    }

    if (t->answer.no_memory) {
        return "out of memory";
    }

    if (t->crowded && t->result == CURLE_COULDNT_RESOLVE_HOST) {
        return "could not resolve the host name in time";
    }

    if (t->early) {
        return "answer came before the request";
    }

    if (t->dirty) {
        return "connections carry answers that nobody asked for";
    }

    for (i = 0; ngx_http_auth_token_curl_option_texts[i].text; i++) {
        if (ngx_http_auth_token_curl_option_texts[i].code == t->result) {
            return ngx_http_auth_token_curl_option_texts[i].text;
        }
    }

    return "request failed";
}


ngx_uint_t
ngx_http_auth_token_curl_option_again(ngx_http_auth_token_transfer_t *t)
{
    ngx_uint_t  i;

    if (t->answer.too_large || t->answer.malformed || t->answer.no_memory
        || t->early || t->dirty)
    {
        return 0;
    }

    for (i = 0; ngx_http_auth_token_curl_option_texts[i].text; i++) {
        if (ngx_http_auth_token_curl_option_texts[i].code == t->result) {
            return ngx_http_auth_token_curl_option_texts[i].again;
        }
    }

    return 0;
}
