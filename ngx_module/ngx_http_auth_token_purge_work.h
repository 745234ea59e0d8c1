
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The work that an order to purge makes, in all providers or in one.
 */

#ifndef _NGX_HTTP_AUTH_TOKEN_PURGE_WORK_H_INCLUDED_
#define _NGX_HTTP_AUTH_TOKEN_PURGE_WORK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_purge.h"
#include "ngx_http_auth_token_purge_order.h"


/* lives as long as the request */

typedef struct {
    ngx_uint_t                          records;   /* taken out so far */
    ngx_uint_t                          negatives;

    /* private */
    ngx_http_auth_token_purge_order_t  *order;
    ngx_log_t                          *log;
    ngx_array_t                         purges;
    ngx_uint_t                          swept;     /* of them, done */
} ngx_http_auth_token_purge_work_t;


/*
 * From its return on the answers that the order names are not used any more.
 * "work" is zeroed by the caller; the order is not needed later.  NGX_OK, or
 * the status of the answer.
 */
ngx_int_t ngx_http_auth_token_purge_work_start(
    ngx_http_auth_token_purge_work_t *work, ngx_http_request_t *r,
    ngx_http_auth_token_purge_order_t *order);

/*
 * Takes out some of the entries.  NGX_AGAIN: more to do; NGX_OK: done.
 */
ngx_int_t ngx_http_auth_token_purge_work_sweep(
    ngx_http_auth_token_purge_work_t *work);


#endif /* _NGX_HTTP_AUTH_TOKEN_PURGE_WORK_H_INCLUDED_ */
