/* web/images.h - studies of medical images as values for pages.
 *
 * A study: href, uid, modality ("CT", "X-ray"), date, description, n_series, n_instances, thumb (address).
 * images: list of those of a case; images_n: how many there are, 0 shows nothing
 * images_earlier: list of other studies of the patient that the person may see */
#pragma once

#include "web/case_view.h"

enum { IMAGES_SHOWN = 100 };

/* images and images_n: at most `most` are listed, the last stored first. */
MUST_USE enum err images_set_case(struct http_req *h, const struct case_view *v, uint32_t most,
                                  struct val *root);
/* How many studies a case has that this person may see. */
MUST_USE enum err images_count(struct http_req *h, struct str case_id, uint32_t *ret_n);
/* images_earlier; call after images_set_case. */
MUST_USE enum err images_set_earlier(struct http_req *h, const struct case_view *v,
                                     struct val *root);
