
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where secrets come from: a file, the environment, the configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_secret.h"


static ngx_int_t ngx_http_auth_token_secret_file(ngx_conf_t *cf,
    ngx_str_t *path, ngx_str_t *secret);
static ngx_int_t ngx_http_auth_token_secret_load(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *path, ngx_str_t *secret);
static ngx_int_t ngx_http_auth_token_secret_env(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *secret);
static ngx_int_t ngx_http_auth_token_secret_check(ngx_conf_t *cf,
    ngx_str_t *secret);


ngx_int_t
ngx_http_auth_token_secret_read(ngx_conf_t *cf, ngx_str_t *arg,
    ngx_str_t *secret)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    if (ngx_strncmp(arg->data, "file:", 5) == 0) {
        name.len = arg->len - 5;
        name.data = arg->data + 5;

        rc = ngx_http_auth_token_secret_file(cf, &name, secret);

    } else if (ngx_strncmp(arg->data, "env:", 4) == 0) {
        name.len = arg->len - 4;
        name.data = arg->data + 4;

        rc = ngx_http_auth_token_secret_env(cf, &name, secret);

    } else {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "a literal secret is shown by \"nginx -T\", "
                           "use \"file:\" or \"env:\"");

        *secret = *arg;
        rc = NGX_OK;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_auth_token_secret_check(cf, secret);
}


static ngx_int_t
ngx_http_auth_token_secret_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *secret)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    if (path->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"file:\"");
        return NGX_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a FIFO must not hold up the start */

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    rc = ngx_http_auth_token_secret_load(cf, fd, path, secret);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    return rc;
}


static ngx_int_t
ngx_http_auth_token_secret_load(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *path,
    ngx_str_t *secret)
{
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    if (!ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" is not a regular file", path);
        return NGX_ERROR;
    }

    if (ngx_file_access(&fi) & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "secret file \"%V\" can be read by others", path);
    }

    if (ngx_file_size(&fi) > NGX_HTTP_AUTH_TOKEN_MAX_SECRET) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" is too large", path);
        return NGX_ERROR;
    }

    secret->data = ngx_pnalloc(cf->pool, NGX_HTTP_AUTH_TOKEN_MAX_SECRET);
    if (secret->data == NULL) {
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, secret->data, NGX_HTTP_AUTH_TOKEN_MAX_SECRET);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    if (n > 0 && secret->data[n - 1] == LF) {
        n--;
    }

    if (n > 0 && secret->data[n - 1] == CR) {
        n--;
    }

    if (n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" is empty", path);
        return NGX_ERROR;
    }

    secret->len = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_secret_env(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *secret)
{
    char  *value;

    value = getenv((char *) name->data);

    if (value == NULL || *value == '\0') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "environment variable \"%V\" is not set or empty",
                           name);
        return NGX_ERROR;
    }

    secret->len = ngx_strlen(value);
    secret->data = ngx_pnalloc(cf->pool, secret->len + 1);
    if (secret->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(secret->data, value, secret->len + 1);

    return NGX_OK;
}


/* a line break in a secret would add a header field to the request */

static ngx_int_t
ngx_http_auth_token_secret_check(ngx_conf_t *cf, ngx_str_t *secret)
{
    size_t  i;

    if (secret->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret is empty");
        return NGX_ERROR;
    }

    for (i = 0; i < secret->len; i++) {
        if (secret->data[i] < 0x20 || secret->data[i] == 0x7f) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "the secret has control characters");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
