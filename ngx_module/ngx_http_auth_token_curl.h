
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * HTTP(S) requests to a token authority through libcurl on nginx's event
 * loop: a few multi handles for each reach of a worker.  Knows bytes, statuses
 * and a deadline; no tokens, no JSON, no cache.  Nothing here blocks.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_CURL_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_CURL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


#ifndef NGX_HTTP_AUTH_TOKEN_VERSION
#define NGX_HTTP_AUTH_TOKEN_VERSION  "0.1.0"
#endif


/* of ssl_protocols; never an older one */

#define NGX_HTTP_AUTH_TOKEN_TLSV1_2  0x0002
#define NGX_HTTP_AUTH_TOKEN_TLSV1_3  0x0004


/* how an authority is reached; set once at configuration, then read-only */

typedef struct {
    ngx_str_t             name;               /* for the log */
    ngx_msec_t            connect_timeout;
    size_t                max_body;
    size_t                max_header;
    ngx_uint_t            max_connections;    /* idle and busy, per worker */

    ngx_str_t             unix_socket;        /* empty: TCP */
    ngx_str_t             proxy;              /* empty: none */
    ngx_array_t          *resolve;            /* ngx_str_t "HOST:PORT:ADDR" */

    ngx_flag_t            ssl_verify;
    ngx_uint_t            ssl_verify_depth;
    ngx_str_t             ssl_name;           /* empty: the URL's host */
    ngx_str_t             ssl_trusted_certificate;   /* empty: the system's */
    ngx_str_t             ssl_crl;
    ngx_str_t             ssl_certificate;
    ngx_str_t             ssl_certificate_key;
    ngx_str_t             ssl_password_file;
    ngx_str_t             ssl_ciphers;
    ngx_uint_t            ssl_protocols;
    ngx_array_t          *ssl_conf_commands;  /* ngx_keyval_t, or NULL */
    unsigned              https:1;            /* TLS is certain to be used */

    void                 *store;              /* private, owned by cycle */
    void                 *hub;                /* private, of the worker */
} ngx_http_auth_token_reach_t;


typedef struct ngx_http_auth_token_fetch_s  ngx_http_auth_token_fetch_t;

typedef void (*ngx_http_auth_token_fetch_pt)(ngx_http_auth_token_fetch_t *f);


/* what to send; borrowed for the call of _start() only */

typedef struct {
    char                         *method;
    char                         *url;
    char                        **headers;    /* "Name: value", NULL ends */
    u_char                       *body;       /* NULL: no body */
    size_t                        body_len;
    ngx_msec_t                    timeout;    /* DNS to the last byte, > 0 */
} ngx_http_auth_token_send_t;


struct ngx_http_auth_token_fetch_s {
    /* set by the caller */
    ngx_http_auth_token_reach_t  *reach;
    ngx_http_auth_token_fetch_pt  handler;
    void                         *data;
    ngx_log_t                    *log;

    /* the answer, valid inside handler; status 0: there was none */
    ngx_uint_t                    status;
    ngx_str_t                     headers;    /* raw lines of the final head,
                                                 without the status line */
    ngx_str_t                     body;
    const char                   *error;      /* static text, no URL in it */
    const char                   *detail;     /* more static text, or NULL */
    ngx_err_t                     err;        /* of the system, or 0 */
    unsigned                      sent:1;     /* a connection was made */
    unsigned                      unserved:1; /* it waited for a connection
                                                 while others were answered */
    unsigned                      again:1;    /* no answer: another server
                                                 may have one */

    void                         *transfer;   /* private */
};


/*
 * Whether the libcurl that is there can be used.  NGX_ERROR after logging why
 * not; warns of what else is wrong with it.
 */
ngx_int_t ngx_http_auth_token_curl_check(ngx_conf_t *cf);

/*
 * Builds the trust store of "reach" (once per configuration, in the master).
 * Returns NGX_ERROR after logging what is wrong with which file.
 */
ngx_int_t ngx_http_auth_token_curl_configure(ngx_conf_t *cf,
    ngx_http_auth_token_reach_t *reach);

/*
 * Begin and end what a worker has of it; workers and single process only.
 * _init_process() returns NGX_ERROR on a libcurl that cannot be used.
 */
ngx_int_t ngx_http_auth_token_curl_init_process(ngx_cycle_t *cycle);
void ngx_http_auth_token_curl_exit_process(ngx_cycle_t *cycle);

/*
 * Starts a fetch.  NGX_OK: f->handler will be called exactly once, later,
 * from the event loop, never from inside _start(); "f" must live until then
 * or until _cancel().  NGX_ERROR: nothing was started.
 */
ngx_int_t ngx_http_auth_token_curl_start(ngx_http_auth_token_fetch_t *f,
    ngx_http_auth_token_send_t *send);

/*
 * Drops a started fetch; its handler will not be called.
 */
void ngx_http_auth_token_curl_cancel(ngx_http_auth_token_fetch_t *f);

/*
 * Whether a started fetch had to wait for a connection while others were
 * answered.
 */
ngx_uint_t ngx_http_auth_token_curl_unserved(ngx_http_auth_token_fetch_t *f);


#endif /* _NGX_HTTP_AUTH_TOKEN_CURL_H_INCLUDED_ */
