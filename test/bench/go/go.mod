module runnel.invalid/load

go 1.24
