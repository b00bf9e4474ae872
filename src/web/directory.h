/* web/directory.h - what the pages that list people and organisations share. */
#pragma once

#include "http/http.h"

/* Each word typed (folded by utf8_fold) begins a word of the text. */
bool directory_fits(struct http_req *h, struct str words, struct str text);
