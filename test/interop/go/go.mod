module runnel.test/interop

go 1.24
