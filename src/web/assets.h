/* web/assets.h - the style sheet, scripts and icon, built into the program by tools/assets.mjs. */
#pragma once

#include "http/asset.h"

/* For http_assets_new(). */
extern const struct http_asset web_assets[];
extern const size_t web_assets_count;
