/* web/directory.h - what the pages that list people and organisations share. */
#pragma once

#include "http/http.h"

struct directory;

/* How many levels of the tree a list begins with: of a region of very many organisations fewer. */
uint32_t directory_deep(const struct directory *d);

/* Each word typed (folded by utf8_fold) begins a word of the text. */
bool directory_fits(struct http_req *h, struct str words, struct str text);
