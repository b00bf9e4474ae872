/* api/tus.h - resumable uploads: tus 1.0.0 with creation, checksum, expiration and termination.
 *
 *   POST   /uploads      Upload-Length, Upload-Metadata: filename, filetype, case (the draft or case)
 *   HEAD   /uploads/:id  where it stands; GET tells the same and the findings as JSON
 *   PATCH  /uploads/:id  bytes from Upload-Offset on, with Upload-Checksum sha256 or none
 *   OPTIONS /uploads     versions, extensions, the largest file
 *   DELETE /uploads/:id  removes what was not used yet
 *
 * https://tus.io/protocols/resumable-upload */
#pragma once

#include "http/http.h"

enum err api_tus_create(struct http_req *h);
enum err api_tus_status(struct http_req *h);
enum err api_tus_patch(struct http_req *h);
enum err api_tus_delete(struct http_req *h);
/* OPTIONS: what is spoken here. */
void api_tus_options(struct http_req *h);
/* Failures of KIND_TUS rows: one sentence in the reader's language, why a file was refused. */
enum err api_tus_error(struct http_req *h, enum err code);
