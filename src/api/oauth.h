/* api/oauth.h - authorization for applications (SMART App Launch 2.2): handlers for app/routes.c.
 *
 *   /fhir/.well-known/smart-configuration   GET; also openid-configuration
 *   /oauth/token                            POST  code, refresh token or assertion for tokens
 *   /oauth/introspect                       POST  what a token stands for (RFC 7662)
 *   /oauth/revoke                           POST  ends a grant (RFC 7009)
 *   /oauth/jwks                             GET   keys of identity tokens
 *   /oauth/launch                           POST  a page of ours opens an application
 *
 * The page on which people agree is web/consent.c: /oauth/authorize.
 */
#pragma once

#include "http/http.h"

enum err api_oauth_discovery(struct http_req *h);
enum err api_oauth_token(struct http_req *h);
enum err api_oauth_introspect(struct http_req *h);
enum err api_oauth_revoke(struct http_req *h);
enum err api_oauth_jwks(struct http_req *h);
enum err api_oauth_launch(struct http_req *h);

/* Pages of registered applications may read answers of these addresses and of /fhir (CORS): adds the
 * fields when the caller's origin is one of theirs. For http_hooks.decorate. */
MUST_USE enum err api_oauth_cors(struct http_req *h);
