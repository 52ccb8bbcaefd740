/* Puts a certificate into one of the present user's stores: trust STORE FILE.der */
#include "windows.h"

#include <wincrypt.h>

int main(void) {
  static unsigned char bytes[65536];
  char **argv = arguments_utf8();
  FILE *file = fopen(argv[2], "rb");
  DWORD size = file == NULL ? 0 : (DWORD)fread(bytes, 1, sizeof bytes, file);
  HCERTSTORE store = CertOpenSystemStoreW(0, wide(argv[1]));
  PCCERT_CONTEXT given = CertCreateCertificateContext(X509_ASN_ENCODING, bytes, size);
  if (store == NULL || given == NULL) return 2;
  if (!CertAddCertificateContextToStore(store, given, CERT_STORE_ADD_REPLACE_EXISTING, NULL)) {
    return 3;
  }
  /* What is not closed is not kept. */
  return CertCloseStore(store, 0) ? 0 : 4;
}
