
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Serves the documents.  They are for clients that have no token yet: the
 * access handler leaves their paths alone, and nothing but them is served
 * there, whatever the location is.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_metadata.h"


ngx_http_auth_token_metadata_t *
ngx_http_auth_token_metadata_find(ngx_http_request_t *r)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_srv_conf_t   *scf;
    ngx_http_auth_token_metadata_t  **documents;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_auth_token_module);

    documents = scf->documents.elts;

    for (i = 0; i < scf->documents.nelts; i++) {

        if (documents[i]->path.len == r->uri.len
            && ngx_memcmp(documents[i]->path.data, r->uri.data, r->uri.len)
               == 0)
        {
            return documents[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_auth_token_metadata_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_str_t                        type;
    ngx_http_auth_token_metadata_t  *document;

    document = ngx_http_auth_token_metadata_find(r);

    if (document == NULL) {
        return NGX_DECLINED;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    ngx_str_set(&type, "application/json");

    rc = ngx_http_send_response(r, NGX_HTTP_OK, &type, &document->json);

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}
