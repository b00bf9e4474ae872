/* app/hooks.c - what the listener asks of the rooms above it. */
#include "app/app.h"

const struct http_hooks app_hooks = {
    .identify = NULL,
};
