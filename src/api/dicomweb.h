/* api/dicomweb.h - DICOMweb (PS3.18): images in by STOW-RS, found by QIDO-RS, out by WADO-RS.
 *
 *   POST /dicom-web/studies[/:study]                   STOW-RS; ?case= the case or draft it is for
 *   GET  /dicom-web/studies, /series, /instances, /studies/:study/series, ...    QIDO-RS
 *   GET  /dicom-web/studies/:study[/series/:series[/instances/:sop]]             WADO-RS: files
 *        .../metadata     DICOM JSON
 *        .../thumbnail    a small picture; of a study or series: of its middle image
 *        .../rendered     an instance, or its frame, as people see it
 *        .../frames/1,2   bytes of frames; .../bulk/TAG[/ITEM/TAG...] of a value
 *
 * Who may see a study follows from where it is shown (care/imaging.h); every look is on record. */
#pragma once

#include "http/http.h"

enum err api_dicomweb_stow(struct http_req *h);
/* QIDO-RS. The level is what the address ends in. */
enum err api_dicomweb_find(struct http_req *h);
enum err api_dicomweb_get(struct http_req *h);
enum err api_dicomweb_metadata(struct http_req *h);
enum err api_dicomweb_frames(struct http_req *h);
enum err api_dicomweb_bulk(struct http_req *h);
enum err api_dicomweb_rendered(struct http_req *h);
enum err api_dicomweb_thumbnail(struct http_req *h);
