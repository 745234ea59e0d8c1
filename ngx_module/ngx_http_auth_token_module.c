
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The module: its directives, its place among the phases, its processes.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_conf.h"
#include "ngx_http_auth_token_handler.h"
#include "ngx_http_auth_token_lookup.h"
#include "ngx_http_auth_token_metadata.h"
#include "ngx_http_auth_token_module.h"
#include "ngx_http_auth_token_provider.h"
#include "ngx_http_auth_token_purge_handler.h"
#include "ngx_http_auth_token_require.h"
#include "ngx_http_auth_token_resolve.h"
#include "ngx_http_auth_token_set.h"
#include "ngx_http_auth_token_status.h"
#include "ngx_http_auth_token_strip.h"
#include "ngx_http_auth_token_variables.h"
#include "ngx_http_auth_token_wake.h"


static ngx_int_t ngx_http_auth_token_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_auth_token_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_auth_token_init_process(ngx_cycle_t *cycle);
static void ngx_http_auth_token_take_slots(ngx_cycle_t *cycle);
static void ngx_http_auth_token_exit_process(ngx_cycle_t *cycle);
static ngx_uint_t ngx_http_auth_token_serves(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_auth_token_log_levels[] = {
    { ngx_string("debug"), NGX_LOG_DEBUG },
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_auth_token_preflights[] = {
    { ngx_string("off"), 0 },
    { ngx_string("pass"), 1 },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_auth_token_error_formats[] = {
    { ngx_string("default"), 0 },
    { ngx_string("problem"), 1 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_auth_token_commands[] = {

    { ngx_string("auth_token"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF
                        |NGX_CONF_1MORE,
      ngx_http_auth_token_conf_rule,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_auth_token_provider_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_token_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_purge"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_auth_token_purge_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF
                        |NGX_CONF_1MORE,
      ngx_http_auth_token_require_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_status"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF
                        |NGX_CONF_1MORE,
      ngx_http_auth_token_status_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_set"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_http_auth_token_set_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_strip"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, strip),
      NULL },

    { ngx_string("auth_token_preflight"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, preflight),
      &ngx_http_auth_token_preflights },

    { ngx_string("auth_token_error_format"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, error_format),
      &ngx_http_auth_token_error_formats },

    { ngx_string("auth_token_resource_metadata"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_http_auth_token_metadata_block,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_token_realm"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, realm),
      NULL },

    { ngx_string("auth_token_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_http_auth_token_conf_dry_run,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, dry_run),
      NULL },

    { ngx_string("auth_token_log_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_token_loc_conf_t, log_level),
      &ngx_http_auth_token_log_levels },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_auth_token_module_ctx = {
    ngx_http_auth_token_add_variables,     /* preconfiguration */
    ngx_http_auth_token_init,              /* postconfiguration */

    ngx_http_auth_token_create_main_conf,  /* create main configuration */
    ngx_http_auth_token_init_main_conf,    /* init main configuration */

    ngx_http_auth_token_metadata_create,   /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_auth_token_create_loc_conf,   /* create location configuration */
    ngx_http_auth_token_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_auth_token_module = {
    NGX_MODULE_V1,
    &ngx_http_auth_token_module_ctx,       /* module context */
    ngx_http_auth_token_commands,          /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_auth_token_init_module,       /* init module */
    ngx_http_auth_token_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_auth_token_exit_process,      /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/*
 * access handlers run last to first: the first place is the last word, after
 * allow and deny, auth_basic and auth_request, also in a static build
 */

static ngx_int_t
ngx_http_auth_token_init(ngx_conf_t *cf)
{
    ngx_uint_t                  n;
    ngx_array_t                *a;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_auth_token_strip_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_auth_token_metadata_handler;

    a = &cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers;

    if (ngx_array_push(a) == NULL) {
        return NGX_ERROR;
    }

    h = a->elts;

    for (n = a->nelts - 1; n > 0; n--) {
        h[n] = h[n - 1];
    }

    h[0] = ngx_http_auth_token_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_init_module(ngx_cycle_t *cycle)
{
    if (ngx_test_config || !ngx_http_auth_token_serves(cycle)) {
        return NGX_OK;
    }

    return ngx_http_auth_token_wake_init_module(cycle);
}


static ngx_int_t
ngx_http_auth_token_init_process(ngx_cycle_t *cycle)
{
    if ((ngx_process != NGX_PROCESS_WORKER
         && ngx_process != NGX_PROCESS_SINGLE)
        || !ngx_http_auth_token_serves(cycle))
    {
        return NGX_OK;
    }

    ngx_http_auth_token_take_slots(cycle);

    return ngx_http_auth_token_lookup_init_process(cycle,
                                          ngx_http_auth_token_handler_resume);
}


/* before those of the last configuration, if there is room for one only */

static void
ngx_http_auth_token_take_slots(ngx_cycle_t *cycle)
{
    ngx_uint_t                        i;
    ngx_http_auth_token_provider_t  **providers;
    ngx_http_auth_token_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_auth_token_module);
    providers = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        (void) ngx_http_auth_token_resolve_slot(providers[i]);
    }
}


static void
ngx_http_auth_token_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_auth_token_serves(cycle)) {
        ngx_http_auth_token_lookup_exit_process(cycle);
    }
}


/* a module that is loaded but has no provider costs nothing */

static ngx_uint_t
ngx_http_auth_token_serves(ngx_cycle_t *cycle)
{
    ngx_http_auth_token_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_auth_token_module);

    return mcf != NULL && mcf->providers.nelts != 0;
}
