// TLS key and certificate of localhost.
/** A key that protects nothing, and its certificate for localhost and 127.0.0.1, valid for a hundred years: both are public. */
export const localhostTls: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7yxDz4W+wvZ5Plax
lYVqeH5/1cq+NycKddS4Xg7HgvqhRANCAATOj291af+p5o80YQFZHFwu8ERWK3lL
mttKsnRs/buJJsLVw6glcA82qnN4L0SCR0KoJkWVAP8soaGz0ymOHxGp
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUL+hZKKG1kUYcG/Iym+6T+nsiwfgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAwMTA1MloYDzIxMjYxMDMw
MDAxMDUyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATOj291af+p5o80YQFZHFwu8ERWK3lLmttKsnRs/buJJsLVw6glcA82
qnN4L0SCR0KoJkWVAP8soaGz0ymOHxGpo28wbTAdBgNVHQ4EFgQUtMil8IP2lQbu
eSGjlYsXJWjE89UwHwYDVR0jBBgwFoAUtMil8IP2lQbueSGjlYsXJWjE89UwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAJjCkyToexW2DkOUDOPjg9VZ9DvSjk+N9uvMWyH0T9+LAiBD
BMV1FiVtEJ6JH8EOUi1bSrJhRwIS6GTIl2IHNauFzQ==
-----END CERTIFICATE-----
`,
};
