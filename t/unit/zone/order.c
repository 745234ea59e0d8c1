/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Orders to purge, as JSON and as a form.  The failure this file exists for:
 * an order that is not quite understood purges more than was asked for, or
 * another token.
 */


#include "ngx_shim.h"
#include "ngx_shim_string.h"

#include "ngx_http_auth_token_purge_order.c"

#include <jansson.h>


typedef ngx_http_auth_token_purge_order_t  order_t;


/* "want": token, id, provider, each after a blank; "all"; NULL: none */

typedef struct {
    const char  *body;
    const char  *want;
} order_case_t;


static ngx_pool_t  pool;

/* allocations of the JSON library that succeed */
static int  starve_after;


static const order_case_t  order_json[] = {
    { "{\"token\":\"abc\"}", " token=abc" },
    { "{\"id\":\"1/2\"}", " id=1/2" },
    { "{\"provider\":\"p\"}", " provider=p" },
    { "{\"all\":true}", " all" },
    { "{\"token\":\"t\",\"provider\":\"p\"}", " token=t provider=p" },
    { "{\"provider\":\"p\",\"id\":\"i\"}", " id=i provider=p" },
    { " {\t\"all\" : true }  ", " all" },
    { "{\"token\":\"\\u0041\\/\"}", " token=A/" },
    { "{\"t\\u006fken\":\"x\"}", " token=x" },
    { "", NULL },
    { "{", NULL },
    { "{}", NULL },
    { "[]", NULL },
    { "null", NULL },
    { "true", NULL },
    { "\"all\"", NULL },
    { "[{\"all\":true}]", NULL },
    { "{\"all\":true}{\"all\":true}", NULL },
    { "{\"all\":true} x", NULL },
    { "{\"all\":false}", NULL },
    { "{\"all\":1}", NULL },
    { "{\"all\":null}", NULL },
    { "{\"all\":\"true\"}", NULL },
    { "{\"all\":[true]}", NULL },
    { "{\"ALL\":true}", NULL },
    { "{\"all\":true,\"all\":true}", NULL },
    { "{\"all\":true,\"provider\":\"p\"}", NULL },
    { "{\"all\":true,\"token\":\"t\"}", NULL },
    { "{\"all\":true,\"x\":1}", NULL },
    { "{\"token\":\"t\",\"id\":\"i\"}", NULL },
    { "{\"token\":\"t\",\"token\":\"u\"}", NULL },
    { "{\"token\":\"\"}", NULL },
    { "{\"token\":1}", NULL },
    { "{\"token\":null}", NULL },
    { "{\"token\":true}", NULL },
    { "{\"token\":[\"t\"]}", NULL },
    { "{\"token\":{\"token\":\"t\"}}", NULL },
    { "{\"tokens\":\"t\"}", NULL },
    { "{\"toke\":\"t\"}", NULL },
    { "{\"\":\"t\"}", NULL },
    { "{\"id\":\"i\",\"reason\":\"x\"}", NULL },
    { "{\"provider\":\"\",\"token\":\"t\"}", NULL },
    { "{\"token\":\"t\xff\"}", NULL },
    { "token=t", NULL },
    { NULL, NULL }
};


static const order_case_t  order_form[] = {
    { "token=abc", " token=abc" },
    { "id=i&provider=p", " id=i provider=p" },
    { "provider=p&token=t", " token=t provider=p" },
    { "provider=p", " provider=p" },
    { "all=true", " all" },
    { "all=tr%75e", " all" },
    { "token=a+b%2Bc%2fd%26%3d", " token=a b+c/d&=" },
    { "token=a=b", " token=a=b" },
    { "token==", " token==" },
    { "token=t&", " token=t" },
    { "", NULL },
    { "&", NULL },
    { "&token=t", NULL },
    { "token=t&&id=i", NULL },
    { "all", NULL },
    { "all=", NULL },
    { "all=1", NULL },
    { "all=TRUE", NULL },
    { "all=true ", NULL },
    { "all=true%00", NULL },
    { "all=true&all=true", NULL },
    { "all=true&provider=p", NULL },
    { "all=true&id=i", NULL },
    { "a%6cl=true", NULL },
    { "All=true", NULL },
    { "token", NULL },
    { "token=", NULL },
    { "=t", NULL },
    { "token=t&token=t", NULL },
    { "token=t&id=i", NULL },
    { "token=t&x=y", NULL },
    { "tokens=t", NULL },
    { "token=%", NULL },
    { "token=%4", NULL },
    { "token=%4&id=1", NULL },
    { "token=%g0", NULL },
    { "token=%0g", NULL },
    { "token=%%41", NULL },
    { "{\"all\":true}", NULL },
    { NULL, NULL }
};


void *
ngx_pnalloc(ngx_pool_t *p, size_t size)
{
    return ngx_palloc(p, size);
}


static void
order_text(order_t *order, char *text, size_t size)
{
    int  n;

    n = 0;
    text[0] = '\0';

    if (order->token.len) {
        n += snprintf(text + n, size - (size_t) n, " token=%.*s",
                      (int) order->token.len, order->token.data);
    }

    if (order->id.len) {
        n += snprintf(text + n, size - (size_t) n, " id=%.*s",
                      (int) order->id.len, order->id.data);
    }

    if (order->provider.len) {
        n += snprintf(text + n, size - (size_t) n, " provider=%.*s",
                      (int) order->provider.len, order->provider.data);
    }

    if (order->all) {
        snprintf(text + n, size - (size_t) n, " all");
    }
}


static void
test_cases(const order_case_t *c, int json)
{
    char         text[256];
    u_char      *copy;
    order_t      order;
    ngx_int_t    rc;
    ngx_str_t    body;
    const char  *reason;

    for ( /* void */ ; c->body; c++) {

        /* of its own size: nothing behind it may be read */

        body.len = strlen(c->body);
        body.data = copy = malloc(body.len ? body.len : 1);
        memcpy(copy, c->body, body.len);

        memset(&order, 0, sizeof(order));
        pool.used = 0;
        reason = NULL;

        rc = json ? ngx_http_auth_token_purge_order_json(&pool, &body, &order,
                                                         &reason)
                  : ngx_http_auth_token_purge_order_form(&pool, &body, &order,
                                                         &reason);
        free(copy);

        if (c->want == NULL) {
            ok(rc == NGX_DECLINED && reason, "none: %s (%s)", c->body,
               reason ? reason : "no reason");
            continue;
        }

        order_text(&order, text, sizeof(text));
        ok(rc == NGX_OK && strcmp(text, c->want) == 0, "%s is%s", c->body,
           c->want);
    }
}


static void
test_memory(void)
{
    order_t      order;
    ngx_str_t    body;
    const char  *reason;

    pool.used = sizeof(pool.data);

    memset(&order, 0, sizeof(order));
    body.data = (u_char *) "{\"token\":\"abc\"}";
    body.len = strlen((char *) body.data);
    is_int(ngx_http_auth_token_purge_order_json(&pool, &body, &order, &reason),
           NGX_ERROR, "JSON: no memory");

    memset(&order, 0, sizeof(order));
    body.data = (u_char *) "token=abc";
    body.len = strlen((char *) body.data);
    is_int(ngx_http_auth_token_purge_order_form(&pool, &body, &order, &reason),
           NGX_ERROR, "a form: no memory");

    pool.used = 0;

    memset(&order, 0, sizeof(order));
    is_int(ngx_http_auth_token_purge_order_form(&pool, &body, &order, &reason),
           NGX_OK, "with memory");
    is_mem(order.token.data, 3, "abc", 3, "the token");

    body = order.token;
    ngx_http_auth_token_purge_order_wipe(&order);
    is_mem(body.data, 3, "\0\0\0", 3, "is wiped");
    is_int((long long) order.token.len, 0, "and gone");
}


static void *
starve(size_t size)
{
    return starve_after-- > 0 ? malloc(size) : NULL;
}


/* what could not be read is not said to be wrong */

static void
test_starved(void)
{
    int          n, rc, bad;
    order_t      order;
    ngx_str_t    body;
    const char  *reason;

    body.data = (u_char *) "{\"token\":\"abc\",\"provider\":\"p\"}";
    body.len = strlen((char *) body.data);
    bad = 0;

    for (n = 0; ; n++) {
        memset(&order, 0, sizeof(order));
        pool.used = 0;
        starve_after = n;

        json_set_alloc_funcs(starve, free);
        rc = (int) ngx_http_auth_token_purge_order_json(&pool, &body, &order,
                                                        &reason);
        json_set_alloc_funcs(malloc, free);

        if (starve_after >= 0) {
            break;
        }

        bad += (rc != NGX_ERROR || order.token.len || order.provider.len);
    }

    ok(n > 4, "%d allocations", n);
    is_int(bad, 0, "an error for want of each");
    is_int(rc, NGX_OK, "with all of them there is an order");
}


int
main(void)
{
    pool.log = &shim_log;

    test_cases(order_json, 1);
    test_cases(order_form, 0);
    test_memory();
    test_starved();

    return done();
}
