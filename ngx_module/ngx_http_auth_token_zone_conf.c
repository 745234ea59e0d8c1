
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What a zone has in common with that of the configuration in use.  The tag by
 * which nginx compares them is the layout, and not the address of the module:
 * a changed binary with the same layout goes on with the answers of the old
 * one; one with another layout gets memory of its own, and the old workers
 * keep theirs until they end.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_shctx.h"
#include "ngx_http_auth_token_zone_conf.h"


#define ngx_http_auth_token_zone_conf_tag                                     \
    ((void *) (uintptr_t) NGX_HTTP_AUTH_TOKEN_LAYOUT)


static void ngx_http_auth_token_zone_conf_compare(ngx_conf_t *cf,
    ngx_str_t *name, size_t size);


ngx_int_t
ngx_http_auth_token_zone_conf_add(ngx_conf_t *cf,
    ngx_http_auth_token_zone_t *zone, size_t size)
{
    zone->shm_zone = ngx_shared_memory_add(cf, &zone->name, size,
                                           ngx_http_auth_token_zone_conf_tag);
    if (zone->shm_zone == NULL) {
        return NGX_ERROR;
    }

    zone->shm_zone->init = ngx_http_auth_token_zone_init;
    zone->shm_zone->data = zone;

    ngx_http_auth_token_zone_conf_compare(cf, &zone->name, size);

    return NGX_OK;
}


/* nginx itself says nothing of memory that is not handed on */

static void
ngx_http_auth_token_zone_conf_compare(ngx_conf_t *cf, ngx_str_t *name,
    size_t size)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_shm_zone_t   *old;

    if (cf->cycle->old_cycle == NULL) {
        return;
    }

    part = &cf->cycle->old_cycle->shared_memory.part;

    for ( /* void */ ; part; part = part->next) {

        old = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (old[i].shm.name.len != name->len
                || ngx_strncmp(old[i].shm.name.data, name->data, name->len)
                   != 0
                || (old[i].tag == ngx_http_auth_token_zone_conf_tag
                    && old[i].shm.size == size))
            {
                continue;
            }

            ngx_log_error(NGX_LOG_NOTICE, cf->log, 0,
                          "zone \"%V\" begins empty, as it was of another "
                          "%s", name,
                          old[i].shm.size == size ? "layout" : "size");
        }
    }
}
