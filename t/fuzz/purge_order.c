/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bodies of auth_token_purge.  By the first byte the input is JSON or a form.
 * What is understood is one order and no more, and says the same when it is
 * written once more, in either way.
 */


#include <stdio.h>

#include "fuzz.h"
#include "ngx_shim_string.h"

#include "ngx_http_auth_token_purge_order.c"


#define MOST  64


typedef ngx_http_auth_token_purge_order_t  order_t;


static void      *pieces[MOST];
static unsigned   npieces;
static u_char     written[1 << 20];


/* each of its own size */

void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    (void) pool;

    must(npieces < MOST);

    pieces[npieces] = malloc(size ? size : 1);

    return pieces[npieces++];
}


static u_char *
field(u_char *p, const char *name, ngx_str_t *value)
{
    size_t  i;

    if (value->len == 0) {
        return p;
    }

    p += sprintf((char *) p, "%s%s=", p == written ? "" : "&", name);

    for (i = 0; i < value->len; i++) {
        p += sprintf((char *) p, "%%%02x", value->data[i]);
    }

    return p;
}


static int
same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


static void
again(order_t *order)
{
    u_char      *p;
    order_t      other;
    ngx_str_t    body;
    const char  *reason;

    p = field(written, "provider", &order->provider);
    p = field(p, "id", &order->id);
    p = field(p, "token", &order->token);

    if (order->all) {
        p += sprintf((char *) p, "all=true");
    }

    body.data = written;
    body.len = (size_t) (p - written);

    memset(&other, 0, sizeof(other));

    must(ngx_http_auth_token_purge_order_form(NULL, &body, &other, &reason)
         == NGX_OK);
    must(same(&other.token, &order->token));
    must(same(&other.id, &order->id));
    must(same(&other.provider, &order->provider));
    must(other.all == order->all);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    order_t      order;
    ngx_int_t    rc;
    ngx_str_t    body;
    const char  *reason;

    if (size == 0 || size > 16384) {
        return 0;
    }

    body.data = (u_char *) data + 1;
    body.len = size - 1;

    memset(&order, 0, sizeof(order));
    reason = NULL;

    rc = (data[0] & 1) ? ngx_http_auth_token_purge_order_json(NULL, &body,
                                                              &order, &reason)
                       : ngx_http_auth_token_purge_order_form(NULL, &body,
                                                              &order, &reason);

    if (rc == NGX_OK) {
        must((order.token.len != 0) + (order.id.len != 0) + (order.all != 0)
             + (order.token.len == 0 && order.id.len == 0
                && order.provider.len != 0)
             == 1);
        again(&order);

    } else {
        must(rc == NGX_DECLINED);
        must(reason != NULL);
    }

    while (npieces) {
        free(pieces[--npieces]);
    }

    return 0;
}
