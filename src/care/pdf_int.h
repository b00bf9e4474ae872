/* care/pdf_int.h - what the files that draw pages share. */
#pragma once

#include "care/pdf.h"

#include <cairo-pdf.h>

/* The QR code of an address, a link to it behind. False: the address is too long. */
MUST_USE bool pdf_qr(cairo_t *cr, struct str url, double x, double y, double side);
/* The picture and its shapes within a rectangle of the page. borrows p->jpeg until the page's file ends. */
void pdf_int_picture(cairo_t *cr, const struct pdf_picture *p, double x, double y, double w, double h);
